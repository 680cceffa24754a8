import { queueName, run } from '../child.ts';
import { counting, readCounters } from '../counters.ts';
import type { Tracing } from '../peer.ts';
import { amount, type Scenario } from '../scenario.ts';

/** What Redis keeps and writes of a job. */
export const storageScenarios: readonly Scenario[] = [
  memory('without trace context', 'none', 0.4),
  memory('with trace context', 'traced', 0.45),
  {
    name: 'append-only file',
    peers: ['nines', 'bullmq'],
    redis: ['--appendonly', 'yes', '--auto-aof-rewrite-percentage', '0'],
    metrics: [{ key: 'bytes', what: 'bytes/job', better: 'less', goal: { of: 'ratio', must: 1 / 3, aim: 1 / 4 } }],
    async run(peer, ground) {
      const jobs = amount(ground, 10_000);
      const shared = { url: ground.url, queue: queueName(), jobs };
      const { spent } = await counting(ground.admin, async () => {
        await run(peer, { ...shared, action: 'fill' });
        await run(peer, { ...shared, action: 'consume' });
      });
      return { bytes: spent.aofBytes / jobs };
    },
  },
];

function memory(name: string, tracing: Tracing, must: number): Scenario {
  return {
    name: `memory ${name}`,
    peers: ['nines', 'bullmq'],
    metrics: [
      { key: 'waiting', what: 'bytes of a waiting job', better: 'less', goal: { of: 'ratio', must } },
      { key: 'left', what: 'bytes left after all are done', better: 'less' },
      { key: 'keys', what: 'keys left after all are done', better: 'less' },
    ],
    async run(peer, ground) {
      const jobs = amount(ground, 20_000);
      const shared = { url: ground.url, queue: queueName(), jobs, tracing };
      const before = await readCounters(ground.admin);
      await run(peer, { ...shared, action: 'fill' });
      const full = await readCounters(ground.admin);
      await run(peer, { ...shared, action: 'consume' });
      const after = await readCounters(ground.admin);
      return {
        waiting: (full.memoryBytes - before.memoryBytes) / jobs,
        left: Math.max(0, after.memoryBytes - before.memoryBytes),
        keys: after.keys,
      };
    },
  };
}

import { ended, queueName, run, start } from '../child.ts';
import { counting } from '../counters.ts';
import type { PeerName } from '../peer.ts';
import { amount, type Ground, type Scenario } from '../scenario.ts';

/** What a job costs Redis while a few or many others are active, held by another worker. */
export const activeScenarios: readonly Scenario[] = [
  {
    name: 'cost of a job at 5000 active against 10',
    peers: ['nines', 'bullmq'],
    metrics: [
      { key: 'few', what: 'Redis CPU µs/job at 10', better: 'less' },
      { key: 'many', what: 'Redis CPU µs/job at 5000', better: 'less' },
      { key: 'growth', what: 'the second over the first', better: 'less', goal: { of: 'value', must: 1.2 } },
    ],
    async run(peer, ground) {
      const few = await costBeside(peer, ground, 10);
      const many = await costBeside(peer, ground, ground.quick ? 1500 : 5000);
      return { few, many, growth: many / few };
    },
  },
];

async function costBeside(peer: PeerName, ground: Ground, active: number): Promise<number> {
  const shared = { url: ground.url, queue: queueName() };
  await run(peer, { ...shared, action: 'fill', jobs: active });
  const holder = start(peer, { ...shared, action: 'hold', jobs: active, concurrency: active });
  await holder.ready;
  const jobs = amount(ground, 10_000);
  // In a process that holds everything it may, so that none of these jobs is taken by it.
  await run(peer, { ...shared, action: 'fill', jobs });
  const { spent } = await counting(ground.admin, () => run(peer, { ...shared, action: 'consume', jobs, concurrency: 10 }));
  await ended(holder, 'SIGKILL');
  return spent.cpuUs / jobs;
}

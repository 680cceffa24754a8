import { ended, queueName, run, start } from '../child.ts';
import type { Scenario } from '../scenario.ts';

const SECONDS = 4;

/** One process enqueues a thousand jobs a second, another waits for them. */
export const latencyScenarios: readonly Scenario[] = [
  {
    name: 'latency from enqueue to handler, 1000 jobs/s',
    peers: ['nines', 'bullmq'],
    metrics: [
      { key: 'p50', what: 'p50 ms', better: 'less', goal: { of: 'ratio', must: 0.5, aim: 0.35 } },
      { key: 'p99', what: 'p99 ms', better: 'less', goal: { of: 'ratio', must: 0.5, aim: 0.35 } },
    ],
    async run(peer, { url, quick }) {
      const shared = { url, queue: queueName(), jobs: 1000 * (quick ? 1 : SECONDS) };
      const worker = start(peer, { ...shared, action: 'consume' });
      await worker.ready;
      await run(peer, { ...shared, action: 'pace', perSecond: 1000 });
      const { p50Ms, p99Ms } = await worker.report;
      await ended(worker);
      return { p50: p50Ms, p99: p99Ms };
    },
  },
];

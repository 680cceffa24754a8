import { queueName, run } from '../child.ts';
import type { PeerName, Tracing } from '../peer.ts';
import { amount, type Ground, type Metric, type Scenario } from '../scenario.ts';
import { costing } from './throughput.ts';

const PER_RUN: Readonly<Record<string, number>> = { nines: 100_000, bullmq: 20_000 };

/** A drain at concurrency 64 by a worker whose every job is traced, right after one that is not; spans are recorded and dropped. */
export const tracingScenarios: readonly Scenario[] = [
  traced('traced', 9, 8),
  traced('traced and metrics', 10),
  { ...traced('unsampled', 9, 5), peers: ['nines'] },
];

function traced(tracing: Tracing, must: number, aim?: number): Scenario {
  const speed: Metric = { key: 'jobs/s', what: 'jobs/s', better: 'more', goal: { of: 'ratio', must: 4, aim: 5 } };
  const added: Metric = {
    key: 'added',
    what: 'Node CPU µs/job added',
    better: 'less',
    goal: { of: 'value', must, ...(aim === undefined ? {} : { aim }) },
  };
  return {
    name: `drain, concurrency 64, every job ${tracing}`,
    peers: ['nines', 'bullmq'],
    metrics: [tracing === 'unsampled' ? { key: 'jobs/s', what: 'jobs/s', better: 'more' } : speed, added],
    async run(peer, ground) {
      const plain = await drain(peer, ground, 'none');
      const figures = await drain(peer, ground, tracing);
      return { 'jobs/s': figures['jobs/s']!, added: figures['nodeUs']! - plain['nodeUs']! };
    },
  };
}

async function drain(peer: PeerName, ground: Ground, tracing: Tracing) {
  const jobs = amount(ground, PER_RUN[peer]!);
  const shared = { url: ground.url, queue: queueName(), jobs, tracing };
  await run(peer, { ...shared, action: 'fill' });
  return costing(ground, jobs, async () => [await run(peer, { ...shared, action: 'consume' })]);
}

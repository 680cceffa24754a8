import type { Goal } from '../../summary.ts';
import { ended, queueName, run, start } from '../child.ts';
import { counting } from '../counters.ts';
import type { Action, Report } from '../order.ts';
import type { PeerName } from '../peer.ts';
import { amount, type Ground, type Metric, type Scenario } from '../scenario.ts';

const ALL: readonly PeerName[] = ['nines', 'bullmq', 'bee-queue', 'groupmq'];
const TWO: readonly PeerName[] = ['nines', 'bullmq'];

/** Each peer gets what it does in one to three seconds, so that each is measured in its stride; the first fifth warms it up. */
const PER_RUN: Readonly<Record<PeerName, number>> = { nines: 150_000, bullmq: 30_000, 'bee-queue': 30_000, groupmq: 8_000 };

const jobsPerSecond = (must: number, aim: number): Metric => {
  const goal: Goal = { of: 'ratio', must, aim };
  return { key: 'jobs/s', what: 'jobs/s', better: 'more', goal };
};
const costs: readonly Metric[] = [
  { key: 'redisUs', what: 'Redis CPU µs/job', better: 'less' },
  { key: 'commands', what: 'commands/job', better: 'less' },
  { key: 'nodeUs', what: 'Node CPU µs/job', better: 'less' },
];
const endToEndCosts: readonly Metric[] = [
  { key: 'redisUs', what: 'Redis CPU µs/job', better: 'less', goal: { of: 'ratio', must: 1 / 8, aim: 1 / 12 } },
  { key: 'commands', what: 'commands/job', better: 'less', goal: { of: 'ratio', must: 1 / 10, aim: 1 / 20 } },
  { key: 'nodeUs', what: 'Node CPU µs/job', better: 'less' },
];

export const throughputScenarios: readonly Scenario[] = [
  drain(1, TWO, jobsPerSecond(4, 6)),
  drain(16, TWO, jobsPerSecond(4, 6)),
  drain(64, ALL, jobsPerSecond(6, 9)),
  drain(256, TWO, jobsPerSecond(6, 9)),
  sending('enqueue, 64 awaited in flight', 'enqueue', jobsPerSecond(2.5, 3.5)),
  sending('enqueue, bulk of 1000', 'bulk', jobsPerSecond(6, 8)),
  { name: 'end to end, saturated, concurrency 64', peers: TWO, metrics: [jobsPerSecond(6, 10), ...endToEndCosts], run: endToEnd },
];

/** One worker on a full queue, whose handler does nothing. */
function drain(concurrency: number, peers: readonly PeerName[], speed: Metric): Scenario {
  return {
    name: `drain, concurrency ${concurrency}`,
    peers,
    metrics: [speed, ...costs],
    async run(peer, ground) {
      const jobs = amount(ground, concurrency === 1 ? PER_RUN[peer] / 3 : PER_RUN[peer]);
      const queue = queueName();
      await run(peer, { action: 'fill', url: ground.url, queue, jobs });
      return costing(ground, jobs, async () => [await run(peer, { action: 'consume', url: ground.url, queue, jobs, concurrency })]);
    },
  };
}

function sending(name: string, action: Action, speed: Metric): Scenario {
  return {
    name,
    peers: ALL,
    metrics: [speed, ...costs],
    run(peer, ground) {
      const jobs = amount(ground, PER_RUN[peer]);
      return costing(ground, jobs, async () => [await run(peer, { action, url: ground.url, queue: queueName(), jobs })]);
    },
  };
}

/** A worker process waits; a producer process sends by bulk. */
async function endToEnd(peer: PeerName, ground: Ground) {
  const jobs = amount(ground, PER_RUN[peer]);
  const shared = { url: ground.url, queue: queueName(), jobs };
  return costing(ground, jobs, async () => {
    const worker = start(peer, { ...shared, action: 'consume' });
    await worker.ready;
    const [sent, handled] = await Promise.all([run(peer, { ...shared, action: 'bulk' }), worker.report]);
    await ended(worker);
    // The worker is the later one to be warm and to be done.
    return [handled, { ...sent, jobs: 0, startUs: handled.startUs, endUs: handled.endUs }];
  });
}

/** Speed and cost of what the processes report, and what Redis counted beside it. */
export async function costing(
  { admin }: Ground,
  jobs: number,
  work: () => Promise<readonly Report[]>,
): Promise<Readonly<Record<string, number>>> {
  const { result, spent } = await counting(admin, work);
  const measured = result.reduce((sum, report) => sum + report.jobs, 0);
  const seconds = (Math.max(...result.map(({ endUs }) => endUs)) - Math.min(...result.map(({ startUs }) => startUs))) / 1e6;
  return {
    'jobs/s': measured / seconds,
    redisUs: spent.cpuUs / jobs,
    commands: spent.commands / jobs,
    nodeUs: result.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / measured,
    netBytes: spent.netBytes / jobs,
  };
}

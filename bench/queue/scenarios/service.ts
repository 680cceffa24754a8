import { createFaultProxy } from '@nines/resilience/chaos';
import { ended, queueName, run, start } from '../child.ts';
import type { Order } from '../order.ts';
import type { PeerName } from '../peer.ts';
import { amount, type Ground, type Metric, type Scenario } from '../scenario.ts';
import { costing } from './throughput.ts';

interface Service {
  readonly name: string;
  readonly jobs: Readonly<Record<string, number>>;
  readonly asked: Partial<Order>;
  /** Milliseconds of network each way. */
  readonly networkMs: number;
  /** Whether it is also measured how long jobs wait at 70 % of the load that the slower peer can carry. */
  readonly pickUp: boolean;
}

/** Rows that a service feels, at concurrency 64: handlers that wait, larger payloads, a network. */
const services: readonly Service[] = [
  { name: 'handlers of 5 ms', jobs: both(12_000), asked: { handler: '5 ms' }, networkMs: 0, pickUp: true },
  { name: 'handlers of 1–50 ms', jobs: both(8000), asked: { handler: '1–50 ms' }, networkMs: 0, pickUp: true },
  { name: 'payloads of 2 kB', jobs: { nines: 40_000, bullmq: 15_000 }, asked: { bytes: 2000 }, networkMs: 0, pickUp: false },
  { name: 'payloads of 20 kB', jobs: { nines: 10_000, bullmq: 6000 }, asked: { bytes: 20_000 }, networkMs: 0, pickUp: false },
  { name: '1 ms of network each way, handlers of 5 ms', jobs: both(10_000), asked: { handler: '5 ms' }, networkMs: 1, pickUp: true },
];

function both(jobs: number) {
  return { nines: jobs, bullmq: jobs };
}

const metrics: readonly Metric[] = [
  { key: 'jobs/s', what: 'jobs/s', better: 'more', goal: { of: 'ratio', must: 1 } },
  { key: 'redisUs', what: 'Redis CPU µs/job', better: 'less', goal: { of: 'ratio', must: 1 / 4 } },
  { key: 'netBytes', what: 'network bytes/job', better: 'less' },
  { key: 'nodeUs', what: 'Node CPU µs/job', better: 'less' },
];

export const serviceScenarios: readonly Scenario[] = services.flatMap((service) =>
  service.pickUp ? [throughput(service), pickUp(service)] : [throughput(service)],
);

function throughput(service: Service): Scenario {
  return {
    name: `service, ${service.name}`,
    peers: ['nines', 'bullmq'],
    metrics,
    run: (peer, ground) => drain(service, peer, ground),
  };
}

async function drain(service: Service, peer: PeerName, ground: Ground) {
  const jobs = amount(ground, service.jobs[peer]!);
  const queue = queueName();
  await run(peer, { ...service.asked, action: 'fill', url: ground.url, queue, jobs });
  return behind(service.networkMs, ground.url, (url) =>
    costing(ground, jobs, async () => [await run(peer, { ...service.asked, action: 'consume', url, queue, jobs })]),
  );
}

const SECONDS = 3;

function pickUp(service: Service): Scenario {
  const load = { perSecond: 1000 };
  return {
    name: `service, ${service.name}: pick-up at 70 % load`,
    peers: ['nines', 'bullmq'],
    metrics: [
      { key: 'p50', what: 'p50 ms', better: 'less' },
      { key: 'p99', what: 'p99 ms', better: 'less', goal: { of: 'ratio', must: 0.5 } },
      { key: 'perSecond', what: 'jobs/s offered', better: 'more' },
    ],
    async prepare(ground) {
      const speeds: number[] = [];
      for (const peer of ['nines', 'bullmq'] as const) speeds.push((await drain(service, peer, ground))['jobs/s']!);
      load.perSecond = Math.round(0.7 * Math.min(...speeds));
    },
    run: (peer, { url, quick }) =>
      behind(service.networkMs, url, async (far) => {
        const jobs = load.perSecond * (quick ? 1 : SECONDS);
        const shared = { ...service.asked, url: far, queue: queueName(), jobs };
        const worker = start(peer, { ...shared, action: 'consume' });
        await worker.ready;
        await run(peer, { ...shared, action: 'pace', perSecond: load.perSecond });
        const { p50Ms, p99Ms } = await worker.report;
        await ended(worker);
        return { p50: p50Ms, p99: p99Ms, perSecond: load.perSecond };
      }),
  };
}

/** Does the work with a network of so many milliseconds each way in front of Redis. */
async function behind<T>(networkMs: number, url: string, work: (url: string) => Promise<T>): Promise<T> {
  if (networkMs === 0) return work(url);
  const { hostname: host, port } = new URL(url);
  const proxy = await createFaultProxy({ upstream: { host, port: Number(port) } });
  try {
    proxy.add({ type: 'latency', ms: networkMs, direction: 'upstream' });
    proxy.add({ type: 'latency', ms: networkMs, direction: 'downstream' });
    return await work(`redis://127.0.0.1:${proxy.port}`);
  } finally {
    await proxy.close();
  }
}

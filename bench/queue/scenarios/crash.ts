import { ended, queueName, run, start, type Child } from '../child.ts';
import type { PeerName } from '../peer.ts';
import { amount, type Ground, type Scenario } from '../scenario.ts';

const ALL: readonly PeerName[] = ['nines', 'bullmq', 'bee-queue', 'groupmq'];
/** What has not come back after so long counts as lost. */
const PATIENCE_MS = 100_000;

/** A worker is killed by SIGKILL; another one, with the peer's defaults, waits for what it held. */
export const crashScenarios: readonly Scenario[] = [
  {
    name: 'SIGKILL of a worker with 32 in flight',
    peers: ALL,
    together: true,
    metrics: [
      { key: 'seconds', what: 'seconds until all run again', better: 'less', goal: { of: 'worst', must: 11 } },
      { key: 'lost', what: `jobs not run again within ${PATIENCE_MS / 1000} s`, better: 'less', goal: { of: 'worst', must: 0 } },
    ],
    run: killHolding,
  },
  {
    name: 'SIGKILL of a worker under load, handlers of 5 ms, concurrency 64',
    peers: ALL,
    together: true,
    metrics: [
      { key: 'redelivered', what: 'jobs started twice', better: 'less', goal: { of: 'worst', must: 64 } },
      { key: 'lost', what: `jobs not run within ${PATIENCE_MS / 1000} s`, better: 'less', goal: { of: 'worst', must: 0 } },
    ],
    run: killWorking,
  },
];

const IN_FLIGHT = 32;

async function killHolding(peer: PeerName, { url }: Ground) {
  const shared = { url, queue: queueName(), jobs: IN_FLIGHT, concurrency: IN_FLIGHT };
  await run(peer, { ...shared, action: 'fill' });
  const holder = start(peer, { ...shared, action: 'hold' });
  await holder.ready;
  const heir = start(peer, { ...shared, action: 'consume', log: true });
  const seen = watch(heir, IN_FLIGHT);
  await heir.ready;
  await ended(holder, 'SIGKILL');
  const killed = performance.now();
  const lastAt = await seen.done;
  await ended(heir, 'SIGKILL');
  return { seconds: Math.max(0, lastAt - killed) / 1000, lost: IN_FLIGHT - seen.started.size };
}

async function killWorking(peer: PeerName, ground: Ground) {
  const jobs = amount(ground, 4000);
  const shared = { url: ground.url, queue: queueName(), jobs };
  await run(peer, { ...shared, action: 'fill' });
  const worker = start(peer, { ...shared, action: 'consume', handler: '5 ms', log: true });
  const first = new Set<number>();
  const ends = new Set<number>();
  const busy = Promise.withResolvers<void>();
  worker.onLine = (line) => {
    const [what, n] = line.split(' ');
    (what === 'start' ? first : ends).add(Number(n));
    if (ends.size >= jobs / 4) busy.resolve();
  };
  await busy.promise;
  await ended(worker, 'SIGKILL');
  const heir = start(peer, { ...shared, action: 'consume', log: true });
  const seen = watch(heir, jobs, ends);
  await seen.done;
  await ended(heir, 'SIGKILL');
  const redelivered = [...seen.started].filter((n) => first.has(n)).length;
  return { redelivered, lost: jobs - new Set([...seen.started, ...ends]).size };
}

/** Watches which jobs a worker starts, until those and the ones `before` are so many; resolves to the moment of the last new one. */
function watch(worker: Child, jobs: number, before: ReadonlySet<number> = new Set()) {
  const started = new Set<number>();
  const { promise: done, resolve } = Promise.withResolvers<number>();
  const known = new Set(before);
  let lastAt = performance.now();
  // What was done once and comes again, comes with the others that the dead worker held.
  const timer = setTimeout(() => resolve(lastAt), PATIENCE_MS);
  worker.onLine = (line) => {
    if (!line.startsWith('start ')) return;
    const n = Number(line.slice(6));
    started.add(n);
    const sizeBefore = known.size;
    if (known.add(n).size === sizeBefore) return;
    lastAt = performance.now();
    if (known.size < jobs) return;
    clearTimeout(timer);
    setTimeout(() => resolve(lastAt), 1000);
  };
  return { started, done };
}

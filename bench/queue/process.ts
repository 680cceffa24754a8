import { setTimeout as wait } from 'node:timers/promises';
import { Gauge } from './gauge.ts';
import { handlerOf } from './handlers.ts';
import type { Order, Report } from './order.ts';
import type { Payload, Peer } from './peer.ts';
import { openPeer } from './peers.ts';
import { startTracing } from './telemetry.ts';

/**
 * One measured process: `process.ts ORDER`, the order as JSON. Prints `ready`, lines that the action promises, and last one line
 * of JSON, the report.
 */
const order = JSON.parse(process.argv[2] ?? '') as Order;
const BULK = 1000;
/** The first share of the jobs only warms the process up; in a quick look there are too few for that. */
const WARM_JOBS = order.jobs < 5 * BULK ? 0 : Math.floor(order.jobs * 0.2);

startTracing(order.tracing);
const peer = await openPeer(order.peer, order);
const text = 'x'.repeat(order.bytes);
const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const payload = (n: number): Payload => ({ n, sentUs: order.action === 'pace' ? nowUs() : 0, text });
const ready = () => console.log('ready');

async function inBulk(gauge: Gauge, jobs: number): Promise<void> {
  for (let from = 0; from < jobs; from += BULK) {
    const count = Math.min(BULK, jobs - from);
    await peer.enqueueMany(Array.from({ length: count }, (_, at) => payload(from + at)));
    gauge.count(count);
  }
}

async function oneByOne(gauge: Gauge): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < order.jobs) {
      next += 1;
      await peer.enqueue(payload(next));
      gauge.count(1);
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, sender));
}

/** Sends at a rate whatever the answers do; what is late is sent at the next look. */
async function paced(): Promise<void> {
  const start = performance.now();
  const sent: Promise<unknown>[] = [];
  while (sent.length < order.jobs) {
    const due = Math.min(order.jobs, Math.floor(((performance.now() - start) / 1000) * order.perSecond));
    while (sent.length < due) sent.push(peer.enqueue(payload(sent.length)));
    await wait(1);
  }
  await Promise.all(sent);
}

async function consume(gauge: Gauge): Promise<void> {
  const handle = handlerOf(order);
  await peer.work(async (job) => {
    gauge.started(job, nowUs);
    if (order.log) console.log(`start ${job.n}`);
    if (handle !== undefined) await handle();
    if (order.log) console.log(`end ${job.n}`);
    gauge.count(1);
  }, order.concurrency);
  ready();
  await gauge.full;
}

/** Takes so many jobs and never ends one. */
async function hold(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = 0;
  await peer.work(() => {
    held += 1;
    if (held === order.jobs) resolve();
    return new Promise(() => {});
  }, order.concurrency);
  await promise;
  ready();
  await new Promise((_, reject) => setTimeout(reject, 120_000, new Error('held too long')));
}

/** Opens a producer and a consumer of each of many queues, and waits. */
async function idle(): Promise<void> {
  const others: Peer[] = [];
  for (let at = 0; at < order.jobs; at += 1) {
    const other = await openPeer(order.peer, { ...order, queue: `${order.queue}-${at}` });
    others.push(other);
    await other.enqueue(payload(at));
    await other.work(async () => {}, order.concurrency);
  }
  ready();
  await new Promise((resolve) => process.stdin.once('data', resolve));
}

async function act(): Promise<Report> {
  const gauge = new Gauge(order.jobs, WARM_JOBS);
  switch (order.action) {
    case 'fill':
      await inBulk(gauge, order.jobs);
      break;
    case 'bulk':
      ready();
      await inBulk(gauge, order.jobs);
      break;
    case 'enqueue':
      ready();
      await oneByOne(gauge);
      break;
    case 'pace':
      await paced();
      break;
    case 'hold':
      await hold();
      break;
    case 'idle':
      await idle();
      break;
    default:
      await consume(gauge);
  }
  return gauge.report();
}

console.log(JSON.stringify(await act()));
if (order.action === 'idle') process.exit(0);
await peer.close();

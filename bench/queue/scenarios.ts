import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import type { PeerName } from './peers.ts';
import type { Action, Measured } from './process.ts';

export interface Scenario {
  readonly name: string;
  /** Jobs of one run; a hundredth with `--quick`. */
  readonly jobs: number;
  run(peer: PeerName, jobs: number, redis: RedisUnderTest): Promise<Figures>;
}

export interface Figures {
  readonly jobsPerSecond: number;
  readonly redisCpuUsPerJob: number;
  readonly commandsPerJob: number;
  /** Processor time of the measured Node processes. */
  readonly nodeCpuUsPerJob: number;
}

export interface RedisUnderTest {
  readonly url: string;
  readonly admin: Redis;
}

let serial = 0;
const queueName = () => `bench-${process.pid}-${(serial += 1)}`;

export const scenarios: readonly Scenario[] = [
  ...[1, 16, 64, 256].map((concurrency) => ({
    name: `drain, concurrency ${concurrency}`,
    jobs: concurrency === 1 ? 10_000 : 40_000,
    run: (peer: PeerName, jobs: number, redis: RedisUnderTest) => drain(peer, jobs, redis, concurrency),
  })),
  { name: 'enqueue, 64 awaited in flight', jobs: 40_000, run: (peer, jobs, redis) => alone(peer, 'enqueue', jobs, redis, 64) },
  { name: 'enqueue, bulk of 1000', jobs: 60_000, run: (peer, jobs, redis) => alone(peer, 'bulk', jobs, redis, 0) },
  { name: 'end to end, saturated, concurrency 64', jobs: 40_000, run: endToEnd },
];

async function drain(peer: PeerName, jobs: number, redis: RedisUnderTest, concurrency: number): Promise<Figures> {
  const queue = queueName();
  // The filling process enqueues one job more, before it says that it is ready.
  await start(peer, 'fill', redis, queue, jobs - 1, 0).result;
  return counted(redis, jobs, async () => [await start(peer, 'drain', redis, queue, jobs, concurrency).result]);
}

async function alone(peer: PeerName, action: Action, jobs: number, redis: RedisUnderTest, parameter: number): Promise<Figures> {
  const queue = queueName();
  return counted(redis, jobs, async () => [await start(peer, action, redis, queue, jobs, parameter).result]);
}

/** A worker process waits; a producer process sends by bulk; the time runs from the first enqueue to the last handler. */
async function endToEnd(peer: PeerName, jobs: number, redis: RedisUnderTest): Promise<Figures> {
  const queue = queueName();
  return counted(redis, jobs, async () => {
    const worker = start(peer, 'consume', redis, queue, jobs, 64);
    await worker.ready;
    const producer = start(peer, 'bulk', redis, queue, jobs - 1, 0);
    const [sent, handled] = await Promise.all([producer.result, worker.result]);
    return [
      { ...handled, startMs: sent.startMs },
      { ...sent, endMs: sent.startMs },
    ];
  });
}

/** Runs the work on an empty database between two looks at the counters of Redis. */
async function counted({ admin }: RedisUnderTest, jobs: number, work: () => Promise<readonly Measured[]>): Promise<Figures> {
  const before = await counters(admin);
  const measured = await work();
  const after = await counters(admin);
  await admin.flushall();
  const seconds = (Math.max(...measured.map(({ endMs }) => endMs)) - Math.min(...measured.map(({ startMs }) => startMs))) / 1000;
  return {
    jobsPerSecond: jobs / seconds,
    redisCpuUsPerJob: (after.cpuUs - before.cpuUs) / jobs,
    commandsPerJob: (after.commands - before.commands) / jobs,
    nodeCpuUsPerJob: measured.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / jobs,
  };
}

async function counters(admin: Redis): Promise<{ cpuUs: number; commands: number }> {
  const info = await admin.info();
  const value = (field: string) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1]);
  return { cpuUs: (value('used_cpu_user') + value('used_cpu_sys')) * 1e6, commands: value('total_commands_processed') };
}

function start(peer: PeerName, action: Action, { url }: RedisUnderTest, queue: string, jobs: number, parameter: number) {
  const program = join(import.meta.dirname, 'process.ts');
  const args = ['--conditions=@nines/source', program, peer, action, url, queue, String(jobs), String(parameter)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = Promise.withResolvers<void>();
  const result = Promise.withResolvers<Measured>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve();
    else if (line.startsWith('{')) result.resolve(JSON.parse(line) as Measured);
  });
  child.on('exit', (code) => {
    const error = new Error(`${peer} ${action} ended with ${String(code)} and no result`);
    ready.reject(error);
    result.reject(error);
  });
  ready.promise.catch(() => {});
  return { ready: ready.promise, result: result.promise };
}

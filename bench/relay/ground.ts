import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { startRedis } from '../../tools/redis/start.ts';
import { findProgram } from '../machine.ts';
import { startGenerator, type Generator } from './generator.ts';
import type { Order, Report } from './order.ts';
import { cpuSeconds, residentMiB } from './process-figures.ts';
import { bundlePrograms, type PeerName, type Programs, type Service } from './programs.ts';
import { startSink } from './sink.ts';

/** `traced`: spans of every request and job, exported; `untraced`: none. Metrics and a line of log for each in both. */
export type Telemetry = 'traced' | 'untraced';

/** A relay's processes, ready. */
export interface Relay {
  readonly api: Service;
  /** Memory of the api right after its start; 0 where the machine does not tell. */
  readonly idleMiB: number;
  /** Sends to the api as ordered; one order after the other. */
  readonly load: (order: Omit<Order, 'url'>) => Promise<Loaded>;
}

export interface Loaded extends Report {
  /** Processor time of api and Redis in the measured time, in cores; 0 where the machine does not tell. */
  readonly apiCores: number;
  readonly redisCores: number;
  /** Memory of the api at the end. */
  readonly apiMiB: number;
}

export interface Ground {
  readonly quick: boolean;
  readonly redisUrl: string;
  /** Starts a peer's api, and its worker when told so, does something with them and ends them. */
  withRelay<T>(peer: PeerName, telemetry: Telemetry, worker: boolean, work: (relay: Relay) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const SECRET = `whsec_${randomBytes(24).toString('base64')}`;

interface Parts {
  readonly programs: Programs;
  readonly redisUrl: string;
  readonly admin: Redis;
  readonly sinkUrl: string;
}

/** Bundles, a Redis and an OTLP endpoint of our own. */
export async function openGround(quick: boolean): Promise<Ground> {
  const programs = await bundlePrograms();
  const redis = await startRedis({ program: findProgram(['redis-server', 'valkey-server']), args: [] });
  const admin = new Redis(redis.url);
  const sink = await startSink();
  const parts = { programs, redisUrl: redis.url, admin, sinkUrl: sink.url };
  return {
    quick,
    redisUrl: redis.url,
    withRelay: (peer, telemetry, worker, work) => withRelay(parts, peer, telemetry, worker, work),
    async close() {
      sink.close();
      admin.disconnect();
      await redis.stop();
      programs.remove();
    },
  };
}

async function withRelay<T>(
  parts: Parts,
  peer: PeerName,
  telemetry: Telemetry,
  worker: boolean,
  work: (relay: Relay) => Promise<T>,
): Promise<T> {
  const generator = await startGenerator();
  const env = environment(parts, telemetry, generator.receiver);
  const started: Service[] = [];
  try {
    if (worker && peer !== 'fastify alone') started.push(await parts.programs.start(`${peer}-worker`, env));
    const api = await parts.programs.start(`${peer}-api`, env);
    started.unshift(api);
    const idleMiB = residentMiB(api.pid) ?? 0;
    return await work({ api, idleMiB, load: (order) => load(parts, api, generator, { ...order, url: api.url }) });
  } finally {
    generator.stop();
    for (const service of started) await service.stop();
    await parts.admin.flushall();
  }
}

/** The example's variables; the peers read the same ones. Nobody is held back by a limit: what is measured is the work. */
function environment({ redisUrl, sinkUrl }: Parts, telemetry: Telemetry, receiver: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    DESTINATIONS: `receiver=${receiver}`,
    WEBHOOK_SECRET: SECRET,
    MAX_WAITING: '10000000',
    MAX_IN_FLIGHT: '10000',
    RATE_LIMIT_PER_SECOND: '500000',
    ...(telemetry === 'traced' ? { OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl } : { OTEL_SDK_DISABLED: 'true' }),
  };
}

async function load({ admin }: Parts, api: Service, generator: Generator, order: Order): Promise<Loaded> {
  const marks: Promise<{ readonly at: number; readonly api: number; readonly redis: number }>[] = [];
  const mark = async () => ({ at: performance.now(), api: cpuSeconds(api.pid) ?? 0, redis: await redisCpu(admin) });
  const report = await generator.run(order, () => void marks.push(mark()));
  const [from, to] = await Promise.all(marks);
  const seconds = ((to?.at ?? 0) - (from?.at ?? 0)) / 1000;
  return {
    ...report,
    apiCores: ((to?.api ?? 0) - (from?.api ?? 0)) / seconds,
    redisCores: ((to?.redis ?? 0) - (from?.redis ?? 0)) / seconds,
    apiMiB: residentMiB(api.pid) ?? 0,
  };
}

async function redisCpu(admin: Redis): Promise<number> {
  const text = await admin.info('cpu');
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]);
  return seconds('used_cpu_user') + seconds('used_cpu_sys');
}

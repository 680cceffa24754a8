import type { Goal, Row } from '../summary.ts';
import type { Ground, Loaded, Relay, Telemetry } from './ground.ts';
import type { Order } from './order.ts';
import type { PeerName } from './programs.ts';
import { countQueued } from './queued.ts';

export interface Metric {
  readonly key: string;
  readonly what: string;
  readonly better: Row['better'];
  readonly goal?: Goal;
}

export interface Scenario {
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly metrics: readonly Metric[];
  /** Done once before the first run. */
  prepare?(ground: Ground): Promise<void>;
  run(peer: PeerName, ground: Ground): Promise<Readonly<Record<string, number>>>;
}

const SHARE = 0.7;
const CONNECTIONS = 64;
/** Events a second of the way from end to end: far from what any process here can carry. */
const END_TO_END_PER_SECOND = 300;

const twice: Goal = { of: 'ratio', must: 2 };
const noSlower: Goal = { of: 'ratio', must: 1 };

export const scenarios: readonly Scenario[] = [
  accepting('traced', ['nines', 'bullmq']),
  accepting('untraced', ['nines', 'bullmq', 'fastify alone']),
  endToEnd(),
];

function order({ quick }: Ground, wanted: Partial<Order>): Omit<Order, 'url'> {
  const usual = { mode: 'saturate', perSecond: 0, connections: CONNECTIONS, warmMs: 2000, measureMs: 4000, delivered: false } as const;
  return { ...usual, ...(quick ? { warmMs: 200, measureMs: 500 } : {}), ...wanted };
}

/** What is left of the promise when anything was refused, broken or lost. */
async function faultless(peer: PeerName, { redisUrl }: Ground, loads: readonly Loaded[]): Promise<void> {
  const errors = loads.reduce((sum, load) => sum + load.errors, 0);
  if (errors > 0) throw new Error(`${peer}: ${errors} requests were not accepted`);
  const accepted = loads.reduce((sum, load) => sum + load.accepted, 0);
  const queued = peer === 'fastify alone' ? accepted : await countQueued(peer, redisUrl);
  if (queued !== accepted) throw new Error(`${peer}: ${accepted} events were accepted, and ${queued} are in the queue`);
}

/** The api alone: as many as it can take, then a rate that each peer can carry. */
function accepting(telemetry: Telemetry, peers: readonly PeerName[]): Scenario {
  let perSecond = 0;
  const paced = `at ${100 * SHARE} % of what the slower takes`;
  return {
    name: telemetry,
    peers,
    metrics: [
      { key: 'perSecond', what: 'accepted/s', better: 'more', goal: twice },
      { key: 'p50', what: `${paced}: p50 ms`, better: 'less' },
      { key: 'p99', what: `${paced}: p99 ms`, better: 'less', goal: noSlower },
      { key: 'offered', what: `${paced}: requests/s offered`, better: 'more' },
      { key: 'apiUs', what: 'CPU of the api, µs/request', better: 'less' },
      { key: 'redisUs', what: 'CPU of Redis, µs/request', better: 'less' },
      { key: 'generatorUs', what: 'CPU of the load generator, µs/request', better: 'less' },
      { key: 'startMs', what: 'start to listening, ms', better: 'less' },
      { key: 'idleMiB', what: 'memory after the start, MiB', better: 'less' },
      { key: 'apiMiB', what: 'memory under load, MiB', better: 'less' },
    ],
    async prepare(ground) {
      const speeds = [];
      for (const peer of ['nines', 'bullmq'] as const) {
        const { perSecond: speed } = await ground.withRelay(peer, telemetry, false, ({ load }) => load(order(ground, {})));
        speeds.push(speed);
      }
      perSecond = Math.round(SHARE * Math.min(...speeds));
    },
    run: (peer, ground) =>
      ground.withRelay(peer, telemetry, false, async ({ api, idleMiB, load }: Relay) => {
        const saturated = await load(order(ground, {}));
        const steady = await load(order(ground, { mode: 'pace', perSecond, connections: 256, warmMs: ground.quick ? 200 : 1000 }));
        await faultless(peer, ground, [saturated, steady]);
        const each = (cores: number) => (cores * 1e6) / saturated.perSecond;
        return {
          perSecond: saturated.perSecond,
          p50: steady.answer.p50Ms,
          p99: steady.answer.p99Ms,
          offered: perSecond,
          apiUs: each(saturated.apiCores),
          redisUs: each(saturated.redisCores),
          generatorUs: each(saturated.cores),
          startMs: api.startMs,
          idleMiB,
          apiMiB: saturated.apiMiB,
        };
      }),
  };
}

/** Api, worker and receiver: every accepted event is delivered. */
function endToEnd(): Scenario {
  return {
    name: 'end to end, traced',
    peers: ['nines', 'bullmq'],
    metrics: [
      { key: 'p50', what: `request to delivery, ${END_TO_END_PER_SECOND}/s: p50 ms`, better: 'less', goal: noSlower },
      { key: 'p99', what: `request to delivery, ${END_TO_END_PER_SECOND}/s: p99 ms`, better: 'less', goal: noSlower },
      { key: 'repeated', what: 'events delivered twice', better: 'less', goal: { of: 'worst', must: 0 } },
    ],
    run: (peer, ground) =>
      ground.withRelay(peer, 'traced', true, async ({ load }) => {
        const loaded = await load(order(ground, { mode: 'pace', perSecond: END_TO_END_PER_SECOND, delivered: true }));
        if (loaded.errors > 0) throw new Error(`${peer}: ${loaded.errors} requests were not accepted`);
        const { p50Ms = 0, p99Ms = 0 } = loaded.delivery ?? {};
        return { p50: p50Ms, p99: p99Ms, repeated: loaded.repeated };
      }),
  };
}

import { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type {
  ClaimedJob,
  DeadLetters,
  EnqueueVerdict,
  ExchangeReply,
  ExchangeRequest,
  JobCounts,
  JobState,
  NewJob,
  Settlement,
  Store,
  StoredJob,
} from '../store.ts';
import type { Connection } from './connection.ts';
import { LAYOUT, queueKeys, type KeyName } from './keys.ts';
import { runScript, type Argument } from './script.ts';
import * as scripts from './scripts.gen.ts';

export interface RedisStoreOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Connection;
  /** How long `open` waits for a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds added to the time of Redis; 0 except in suites that move time. */
  readonly offsetMs?: () => number;
}

const VERDICTS: Readonly<Record<number, EnqueueVerdict>> = { 1: 'created', 0: 'existing', [-1]: 'full' };

const HOLDER = ['holding', 'expired', 'idle'] as const;

/** The store on Redis: one script a verb, one key layout, the only place that knows both. */
export function createRedisStore({ queue, connection, connectTimeoutMs, offsetMs = () => 0 }: RedisStoreOptions): Store {
  const keys = queueKeys(queue);
  const run = <Key extends KeyName>(script: scripts.Script<Key>, args: readonly Argument[]) =>
    runScript(connection.command, script, keys, args);

  let opening: Promise<void> | undefined;
  const connect = async () => {
    await connection.ready(connectTimeoutMs);
    checkLayout(queue.name, text((await run(scripts.open, [LAYOUT])) as Buffer));
  };
  // Everybody waits for the same attempt; a failed one is forgotten, so that the next call tries again.
  const open = () =>
    (opening ??= connect().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  const deadLetters = async <Key extends KeyName>(script: scripts.Script<Key>, { ids = [], limit = 0 }: DeadLetters) => {
    const reply = (await run(script, [offsetMs(), limit, ...ids])) as [number, Buffer[]];
    return reply[1].map(text);
  };

  return {
    open,

    async enqueue(jobs) {
      await open();
      const reply = (await run(scripts.enqueue, [offsetMs(), queue.maxWaiting, ...jobs.flatMap(newJobArguments)])) as [
        number,
        number,
        number[],
      ];
      return { waiting: reply[1], verdicts: reply[2].map((verdict) => VERDICTS[verdict] ?? 'full') };
    },

    async exchange(request) {
      return exchangeReply((await run(scripts.exchange, exchangeArguments(queue, offsetMs(), request))) as RawExchange);
    },

    async reconcile(token, runningIds) {
      const reply = (await run(scripts.reconcile, [offsetMs(), token, queue.leaseMs, ...runningIds])) as [number, number, Buffer[]];
      return { expired: reply[1] === 1, lostIds: reply[2].map(text) };
    },

    async counts() {
      return jobCounts((await run(scripts.counts, [offsetMs()])) as number[]);
    },

    async get(id) {
      const reply = (await run(scripts.get, [offsetMs(), id])) as RawJob | null;
      return reply === null ? undefined : storedJob(id, reply);
    },

    async list(state, skip, limit) {
      return storedJobs(state, (await run(scripts.list, [offsetMs(), state, skip, limit])) as RawList);
    },

    redrive: (which) => deadLetters(scripts.redrive, which),
    purge: (which) => deadLetters(scripts.purge, which),

    async setPaused(paused) {
      await run(scripts.pause, [paused ? 1 : 0]);
    },

    subscribe: (listener) => connection.subscribe(keys.events, listener),

    async close() {
      connection.release();
    },
  };
}

function text(value: Buffer): string {
  return value.toString();
}

function checkLayout(queue: string, layout: string): void {
  if (layout === LAYOUT) return;
  throw new QueueError('LAYOUT_MISMATCH', `queue ${queue} has Redis layout ${layout}; this release reads layout ${LAYOUT}`);
}

function newJobArguments({ id, delayMs, fresh, envelope }: NewJob): Argument[] {
  return [id, delayMs, fresh ? 1 : 0, envelope];
}

function exchangeArguments(queue: ResolvedQueueOptions, offsetMs: number, request: ExchangeRequest): Argument[] {
  const acks: string[] = [];
  const clears: string[] = [];
  const rows: Argument[] = [];
  for (const settlement of request.settlements) {
    if (settlement.verb !== 'ack') rows.push(...settlementRow(settlement));
    else {
      acks.push(settlement.id);
      if (settlement.failedBefore) clears.push(settlement.id);
    }
  }
  const { completed, dead } = queue;
  // In the order of the ARGV line of exchange.lua, one line of it each; not one line a value.
  const lease = [offsetMs, request.token, request.known ? 1 : 0, queue.leaseMs, queue.maxLeaseLosses];
  const claim = [request.want, request.wantSuspect ? 1 : 0];
  const bounds = [completed.count, completed.ageMs, dead.count, dead.ageMs];
  return [...lease, ...claim, ...bounds, acks.length, clears.length, rows.length / 4, ...acks, ...clears, ...rows];
}

function settlementRow(settlement: Exclude<Settlement, { verb: 'ack' }>): [string, string, number, string] {
  if (settlement.verb === 'retry') return [settlement.id, 'retry', settlement.delayMs, settlement.record];
  if (settlement.verb === 'dead') return [settlement.id, 'dead', 0, settlement.record];
  return [settlement.id, settlement.suspect ? 'release-suspect' : 'release', 0, ''];
}

type RawExchange = [number, number, number, Buffer[], Buffer[], (Buffer | null)[], (Buffer | null)[], number, number, number];

function exchangeReply([nowMs, status, nextDueMs, lost, ids, bodies, records, suspects, recovered, poisoned]: RawExchange): ExchangeReply {
  const jobs = ids.map((id, at): ClaimedJob => ({
    id: text(id),
    stored: bodies[at] ?? undefined,
    record: records[at]?.toString(),
    suspect: at < suspects,
    claimedAtMs: nowMs,
  }));
  return {
    nowMs,
    holder: HOLDER[status] ?? 'idle',
    lostIds: lost.map(text),
    jobs,
    nextDueMs: nextDueMs < 0 ? undefined : nextDueMs,
    recovered,
    poisoned,
  };
}

function jobCounts([
  nowMs = 0,
  waiting = 0,
  delayed = 0,
  active = 0,
  dead = 0,
  completed = 0,
  oldest = -1,
  paused = 0,
]: readonly number[]): JobCounts {
  return { waiting, delayed, active, completed, dead, oldestAgeMs: oldest < 0 ? 0 : Math.max(0, nowMs - oldest), paused: paused === 1 };
}

type RawJob = [number, Buffer, Buffer, Buffer, number];

function storedJob(id: string, [, state, stored, record, atMs]: RawJob): StoredJob {
  return {
    id,
    state: text(state) as JobState,
    stored,
    record: record.length === 0 ? undefined : text(record),
    atMs: atMs < 0 ? undefined : atMs,
  };
}

type RawList = [number, Buffer[], (Buffer | null)[], (Buffer | null)[], number[]];

function storedJobs(state: JobState, [, ids, bodies, records, times]: RawList): StoredJob[] {
  return ids.flatMap((id, at) => {
    const stored = bodies[at];
    const atMs = times[at] ?? -1;
    // A body that is missing was removed by foreign hands; there is nothing to show of such a job.
    return stored == null ? [] : [{ id: text(id), state, stored, record: records[at]?.toString(), atMs: atMs < 0 ? undefined : atMs }];
  });
}

import type { ResolvedQueueOptions } from '../options.ts';
import type { Store } from '../store.ts';
import { sideArgument } from './arguments.ts';
import { createColocation } from './colocate.ts';
import type { Connection } from './connection.ts';
import { createDead } from './dead.ts';
import { queueKeys, type KeyName } from './keys.ts';
import { createOpen } from './open.ts';
import { packJobs } from './packed.ts';
import {
  cancelOutcomes,
  enqueueReply,
  jobCounts,
  newsOf,
  storedJob,
  storedJobs,
  storedOutcomes,
  text,
  type RawCancel,
  type RawEnqueue,
  type RawJob,
  type RawList,
} from './replies.ts';
import { createExchange } from './exchange.ts';
import { runDurably, waitOf } from './durability.ts';
import { redisSchedules } from './schedules.ts';
import { runScript, type RunScript } from './script.ts';
import * as scripts from './scripts.gen.ts';

export interface RedisStoreOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Connection;
  /** How long `open` waits for a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds added to the time of Redis; 0 except in suites that move time. */
  readonly offsetMs?: () => number;
}

function messageOf(message: string | undefined): 'cancel' | 'wake' | undefined {
  if (message === undefined) return undefined;
  return message === 'cancel' ? 'cancel' : 'wake';
}

/** What is asked about single jobs, and how they are cancelled. */
function askAbout({ queue, run, offsetMs }: AskOptions): Pick<Store, 'cancel' | 'outcomes'> {
  return {
    cancel: async (ids) =>
      ids.length === 0 ? [] : cancelOutcomes((await run(scripts.cancel, [offsetMs(), sideArgument(queue), ...ids])) as RawCancel),
    outcomes: async (ids) => (ids.length === 0 ? [] : storedOutcomes((await run(scripts.outcomes, ids)) as Buffer[])),
  };
}

interface AskOptions {
  readonly queue: ResolvedQueueOptions;
  readonly run: RunScript;
  readonly offsetMs: () => number;
}

/** Both ways to listen: for what may be claimed or was cancelled, and for what happens to jobs. */
function listenOn(connection: Connection, keys: Readonly<Record<KeyName, string>>, timeoutMs: number): Pick<Store, 'listen' | 'subscribe'> {
  return {
    subscribe: (listener) => connection.subscribe(keys.events, (message) => listener(messageOf(message))),
    async listen(listener) {
      await connection.listening(timeoutMs);
      return connection.subscribe(keys.lifecycle, (message) => listener(message === undefined ? message : newsOf(message)));
    },
  };
}

/** The store on Redis: one script a verb, one key layout, the only place that knows both. */
export function createRedisStore({ queue, connection, connectTimeoutMs, offsetMs = () => 0 }: RedisStoreOptions): Store {
  const keys = queueKeys(queue);
  const wait = waitOf(queue);
  const run: RunScript = (script, args) => runScript(connection.command, script, keys, args);

  const open = createOpen({ queue, connection, keys, timeoutMs: connectTimeoutMs });

  return {
    server: connection.server,
    open,

    async enqueue(jobs) {
      await open();
      const args = [offsetMs(), queue.maxWaiting, packJobs(jobs)];
      if (wait !== undefined) {
        const client = await connection.durable(connectTimeoutMs);
        const touch = jobs.some(({ fresh, deduplicate }) => !fresh || deduplicate !== undefined);
        const { reply, undurable } = await runDurably({ client, queue, script: scripts.enqueue, keys, args, wait, touch });
        return { ...enqueueReply(reply as RawEnqueue, jobs.length), ...(undurable === undefined ? {} : { undurable }) };
      }
      return enqueueReply((await run(scripts.enqueue, args)) as RawEnqueue, jobs.length);
    },

    colocate: createColocation({ queue, connection, timeoutMs: connectTimeoutMs }),

    exchange: createExchange({ queue, run, offsetMs }),

    schedules: redisSchedules({ queue, connection, run, offsetMs }),

    async reconcile(token, runningIds) {
      const reply = (await run(scripts.reconcile, [offsetMs(), token, queue.leaseMs, ...runningIds])) as [number, number, Buffer[]];
      return { expired: reply[1] === 1, lostIds: reply[2].map(text) };
    },

    isEmpty: () => connection.isGone(keys.jobs),

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

    ...createDead({ queue, run, offsetMs }),

    ...askAbout({ queue, run, offsetMs }),

    async setPaused(paused) {
      await run(scripts.pause, [paused ? 1 : 0]);
    },

    ...listenOn(connection, keys, connectTimeoutMs),
    watch: (listener) => connection.watch(listener),

    async close() {
      connection.release();
    },
  };
}

import { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type { DeadLetters, NewJob, Store } from '../store.ts';
import { exchangeArguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import { LAYOUT, queueKeys, type KeyName } from './keys.ts';
import { packJobs } from './packed.ts';
import {
  enqueueReply,
  exchangeReply,
  jobCounts,
  storedJob,
  storedJobs,
  text,
  type RawEnqueue,
  type RawExchange,
  type RawJob,
  type RawList,
} from './replies.ts';
import { notDurable, runDurably, waitOf, type Wait } from './durability.ts';
import { runScript, type Argument } from './script.ts';
import * as scripts from './scripts.gen.ts';
import { checkServer, readServer } from './server.ts';

export interface RedisStoreOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Connection;
  /** How long `open` waits for a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds added to the time of Redis; 0 except in suites that move time. */
  readonly offsetMs?: () => number;
}

/** The store on Redis: one script a verb, one key layout, the only place that knows both. */
export function createRedisStore({ queue, connection, connectTimeoutMs, offsetMs = () => 0 }: RedisStoreOptions): Store {
  const keys = queueKeys(queue);
  const wait = waitOf(queue);
  const run = <Key extends KeyName>(script: scripts.Script<Key>, args: readonly Argument[]) =>
    runScript(connection.command, script, keys, args);

  let opening: Promise<readonly QueueError[]> | undefined;
  const connect = () => connection.reach(check, connectTimeoutMs);
  const check = async () => {
    checkLayout(queue.name, text((await run(scripts.open, [LAYOUT])) as Buffer));
    return checkServer(queue, await readServer(connection.command, keys));
  };
  const enqueueDurably = async (jobs: readonly NewJob[], args: readonly Argument[], wait: Wait) => {
    const client = await connection.durable(connectTimeoutMs);
    const { reply, acknowledged } = await runDurably({
      client,
      script: scripts.enqueue,
      keys,
      args,
      wait,
      touch: jobs.some(({ fresh }) => !fresh),
    });
    const result = enqueueReply(reply as RawEnqueue, jobs.length);
    return acknowledged >= wait.needed ? result : { ...result, undurable: notDurable(queue, acknowledged) };
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
      const args = [offsetMs(), queue.maxWaiting, packJobs(jobs)];
      if (wait !== undefined) return enqueueDurably(jobs, args, wait);
      return enqueueReply((await run(scripts.enqueue, args)) as RawEnqueue, jobs.length);
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

function checkLayout(queue: string, layout: string): void {
  if (layout === LAYOUT) return;
  throw new QueueError('LAYOUT_MISMATCH', `queue ${queue} has Redis layout ${layout}; this release reads layout ${LAYOUT}`);
}

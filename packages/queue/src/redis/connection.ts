import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { isQueueError, QueueError } from '../errors.ts';
import type { ConnectionListener } from '../store.ts';
import { createIsGone, type IsGone } from './emptiness.ts';
import type { ServerAddress } from '../tracing.ts';
import { redisError } from './failure.ts';

/** An ioredis connection of yours; it is only duplicated, never used, changed or closed. */
export type RedisClient = Redis | Cluster;

/** The connections that all queues of a process share: one for commands, one that listens, and one more where durability waits. */
export interface Connection {
  readonly command: RedisClient;
  /** Where Redis is; undefined for a Cluster and for Sentinel, which have no single address. */
  readonly server: ServerAddress | undefined;
  /** The connection that waits for disk or replicas; whatever waits on it holds up nobody else. Opened by its first user. */
  durable(timeoutMs: number): Promise<RedisClient>;
  /** Calls `listener` with each message, and with undefined where some may have been missed, because the connection was away. */
  subscribe(channel: string, listener: MessageListener): Promise<() => void>;
  /** Resolves when the connection that listens is there. */
  listening(timeoutMs: number): Promise<void>;
  /** Tells what happens to `command`; on a Cluster also when the connection of one node is lost. */
  watch(listener: ConnectionListener): () => void;
  /**
   * Resolves to what `work` resolves to, once Redis can be reached. A connected Cluster may still be connecting to the node that has the keys,
   * so what nobody answered is repeated until the time is over: the work must bear repetition.
   */
  reach<T>(work: () => Promise<T>, timeoutMs: number): Promise<T>;
  /** Whether a key is gone; asked together with the same question of other queues. */
  readonly isGone: IsGone;
  release(): void;
}

/**
 * ioredis repeats unanswered commands after a reconnect by default: a claim or a settlement would run twice.
 * So nothing is resent and nothing is queued while offline; the caller decides what to repeat.
 * `maxRetriesPerRequest: 0` rejects what is unanswered at the moment the connection closes.
 * A server that has become a replica is left: its address may lead to the new primary, and it would refuse for ever.
 */
const SAFE = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  lazyConnect: false,
  commandTimeout: 5000,
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
} as const;

/** By default a Cluster client sends a command again whose answer was cut off with the connection of its node. */
const CLUSTER = { enableOfflineQueue: false, lazyConnect: false, retryDelayOnFailover: 0 } as const;

type MessageListener = (message: string | undefined) => void;

interface Shared {
  readonly command: RedisClient;
  readonly subscriber: RedisClient;
  readonly listeners: Map<string, Set<MessageListener>>;
  readonly watchers: Set<ConnectionListener>;
  readonly isGone: IsGone;
  readonly clock: Clock;
  durable: RedisClient | undefined;
  users: number;
}

const sharedByClient = new WeakMap<RedisClient, Shared>();

/**
 * Opens the connections that belong to the given client, or joins those that are open.
 *
 * @throws {QueueError} `KEY_PREFIX_UNSUPPORTED` for a client with `keyPrefix`.
 */
export function acquireConnection(client: RedisClient, clock: Clock): Connection {
  refuseKeyPrefix(client);
  const shared = sharedByClient.get(client) ?? open(client, clock);
  sharedByClient.set(client, shared);
  shared.users += 1;
  let released = false;
  return {
    command: shared.command,
    server: serverOf(client),
    isGone: shared.isGone,
    async durable(timeoutMs) {
      shared.durable ??= duplicate(client);
      await waitUntilReady(shared.durable, clock, timeoutMs);
      return shared.durable;
    },
    subscribe: (channel, listener) => subscribe(shared, channel, listener),
    listening: (timeoutMs) => waitUntilReady(shared.subscriber, clock, timeoutMs),
    watch: (listener) => watch(shared, listener),
    reach: (work, timeoutMs) => reach(shared.command, work, clock, timeoutMs),
    release() {
      // A second time would give back the share of somebody else.
      if (released) return;
      released = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      sharedByClient.delete(client);
      shared.command.disconnect();
      shared.subscriber.disconnect();
      shared.durable?.disconnect();
    },
  };
}

function serverOf(client: RedisClient): ServerAddress | undefined {
  if (client.isCluster) return undefined;
  const { sentinels, path, host, port } = (client as Redis).options;
  return (sentinels !== undefined && sentinels !== null) || path !== undefined || host === undefined || port === undefined
    ? undefined
    : { address: host, port };
}

function refuseKeyPrefix(client: RedisClient): void {
  const prefix = client.options.keyPrefix;
  if (prefix === undefined || prefix === '') return;
  throw new QueueError(
    'KEY_PREFIX_UNSUPPORTED',
    `redis has keyPrefix ${JSON.stringify(prefix)}, which scripts do not see: use the queue's namespace instead`,
  );
}

function open(client: RedisClient, clock: Clock): Shared {
  const command = duplicate(client);
  const shared: Shared = {
    command,
    subscriber: duplicate(client),
    listeners: new Map(),
    watchers: new Set(),
    isGone: createIsGone(command, clock),
    clock,
    durable: undefined,
    users: 0,
  };
  shared.subscriber.on('message', (channel: string, message: string) => notify(shared.listeners.get(channel), message));
  // What was published while the connection was away is lost, so after each (re)connection everybody looks again.
  shared.subscriber.on('ready', () => {
    void resubscribe(shared).catch(() => {});
  });
  // One listener each, however many queues watch: ioredis warns of more than ten.
  const tell = (what: keyof ConnectionListener) => () => {
    for (const watcher of shared.watchers) watcher[what]();
  };
  command.on('close', tell('lost')).on('ready', tell('back'));
  // A node that was lost comes back as another connection, or its replica has taken its place.
  if (command.isCluster) command.on('-node', tell('lost')).on('+node', tell('back'));
  return shared;
}

function watch(shared: Shared, listener: ConnectionListener): () => void {
  shared.watchers.add(listener);
  return () => shared.watchers.delete(listener);
}

function duplicate(client: RedisClient): RedisClient {
  const copy = client.isCluster ? duplicateCluster(client as Cluster) : (client as Redis).duplicate(SAFE);
  // ioredis reports connection trouble here; the calls that suffer from it reject by themselves.
  copy.on('error', () => {});
  return copy;
}

/** ioredis 5 puts the options of the nodes in the place of the old ones, password and TLS among them; ioredis 6 merges them. */
function duplicateCluster(client: Cluster): Cluster {
  const options = { ...CLUSTER, redisOptions: { ...client.options.redisOptions, ...SAFE } };
  return client.duplicate([], options as Parameters<Cluster['duplicate']>[1]);
}

async function resubscribe(shared: Shared): Promise<void> {
  const channels = [...shared.listeners.keys()];
  if (channels.length > 0) await sendSubscribe(shared, channels);
  for (const listeners of shared.listeners.values()) notify(listeners, undefined);
}

function notify(listeners: Set<MessageListener> | undefined, message: string | undefined): void {
  for (const listener of listeners ?? []) listener(message);
}

async function subscribe(shared: Shared, channel: string, listener: MessageListener): Promise<() => void> {
  const listeners = shared.listeners.get(channel) ?? new Set();
  shared.listeners.set(channel, listeners);
  listeners.add(listener);
  const end = () => {
    listeners.delete(listener);
    if (listeners.size > 0 || shared.listeners.get(channel) !== listeners) return;
    shared.listeners.delete(channel);
    if (shared.subscriber.status === 'ready') void shared.subscriber.unsubscribe(channel).catch(() => {});
  };
  // Waited for, so that a refusal is heard. Where that takes too long, the `ready` event subscribes to all channels that have listeners.
  const connected = await waitUntilReady(shared.subscriber, shared.clock, SUBSCRIBE_MS_MAX).then(
    () => true,
    () => false,
  );
  if (!connected) return end;
  try {
    await sendSubscribe(shared, [channel]);
    return end;
  } catch (error) {
    end();
    throw redisError(error, 'SUBSCRIBE');
  }
}

/**
 * What ioredis 5 rejects a SUBSCRIBE with that overtook its own look at a new node of a Cluster, and subscribes to nothing then: the words are
 * Redis's, or its own when the SUBSCRIBE was answered before it could ask.
 */
const OVERTAKEN = ["Can't execute 'info'", 'Connection in subscriber mode'];
const SUBSCRIBE_MS_MAX = 5000;

async function sendSubscribe({ subscriber, clock }: Shared, channels: readonly string[]): Promise<void> {
  const giveUpAt = clock.now() + SUBSCRIBE_MS_MAX;
  for (;;) {
    try {
      await subscriber.subscribe(...channels);
      return;
    } catch (error) {
      if (!isOvertaken(error) || clock.now() > giveUpAt) throw error;
      await pause(clock);
    }
  }
}

function isOvertaken(error: unknown): boolean {
  return error instanceof Error && OVERTAKEN.some((words) => error.message.includes(words));
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.after(REPEAT_MS, resolve, true));
}

const REPEAT_MS = 20;

async function reach<T>(command: RedisClient, work: () => Promise<T>, clock: Clock, timeoutMs: number): Promise<T> {
  const giveUpAt = clock.now() + timeoutMs;
  await waitUntilReady(command, clock, timeoutMs);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isQueueError(error) || error.code !== 'REDIS_UNAVAILABLE' || clock.now() + REPEAT_MS > giveUpAt) throw error;
      await pause(clock);
    }
  }
}

function waitUntilReady(command: RedisClient, clock: Clock, timeoutMs: number): Promise<void> {
  if (command.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let lastError: unknown;
    const settle = (finish: () => void) => {
      cancel();
      command.off('ready', ready).off('error', failed).off('end', ended);
      finish();
    };
    const unavailable = (why: string) =>
      new QueueError('REDIS_UNAVAILABLE', `Redis could not be reached: ${why}`, { cause: lastError, retryable: true });
    const ready = () => settle(resolve);
    const failed = (error: unknown) => (lastError = error);
    const ended = () => settle(() => reject(unavailable('the connection was closed')));
    const cancel = clock.after(
      timeoutMs,
      () =>
        settle(() =>
          reject(unavailable(`no connection within ${timeoutMs} ms${lastError instanceof Error ? ` (${lastError.message})` : ''}`)),
        ),
      true,
    );
    command.on('ready', ready).on('error', failed).on('end', ended);
  });
}

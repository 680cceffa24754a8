import { exponential, type Backoff } from '@nines/resilience';
import { QueueError } from './errors.ts';

/** How long and how many ended jobs are kept for reading; both bounds apply. */
export interface Retention {
  /** How many jobs are kept; 0 keeps none. */
  readonly count: number;
  /** How long a job is kept, in milliseconds. */
  readonly ageMs: number;
}

/**
 * How many results are kept, and for how long; `Result` is their type, see {@link keepResults}.
 */
export interface ResultRetention<Result = unknown> extends Retention {
  /** Never there; it carries the type. */
  readonly '~result'?: (result: Result) => Result;
}

/**
 * What an enqueue waits for before it resolves. `memory`: Redis has the job; it survives the crash of every client.
 * `fsync`: it is in the append-only file too, so it survives the crash and restart of Redis (Redis 7.2 or Valkey with `appendonly yes`).
 * `replicated`: `replicas` replicas have it too, so it survives when one of those is promoted; Redis replication is no consensus,
 * so the promotion of another replica may still lose it.
 */
export type Durability = 'memory' | 'fsync' | 'replicated';

/**
 * Changes the bytes of every body on their way to Redis and back: compression, encryption, a claim check for large ones.
 * Both sides import the same queue, so both have it. Bodies that were stored with another codec must still be readable by `decode`.
 */
export interface BodyCodec {
  /** From the payload's JSON to what is stored. What it throws makes `enqueue` reject with `PAYLOAD_NOT_SERIALISABLE`. */
  readonly encode: (json: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** The reverse. What it throws is a failed attempt, as if the handler had thrown it: it is retried, unless it is a `DeadLetterError`. */
  readonly decode: (stored: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/**
 * What to do about a failed attempt: `retry` it after its backoff, `dead-letter` the job at once, or retry it after `retryAfterMs` instead
 * (default: the backoff), with `countsAsAttempt: false` without burning an attempt. A job that never burns one is retried for ever,
 * or until its deadline.
 */
export type FailureVerdict = 'retry' | 'dead-letter' | { readonly retryAfterMs?: number; readonly countsAsAttempt?: boolean };

/** A rate at which jobs may be claimed, by all consumers together. */
export interface RateLimit {
  /** Jobs in `perMs`, on average; as many at once after a pause. From 1 to 1 000 000. */
  readonly count: number;
  /** From 1 to 86 400 000. */
  readonly perMs: number;
}

/** What a queue is; both sides import the same definition. */
export interface QueueOptions {
  /** Name of the queue: 1 to 128 letters, digits, `_`, `-` or `.`. */
  readonly name: string;
  /** Queues of one namespace share their Redis slots. Default `default`. */
  readonly namespace?: string;
  /**
   * Parts of a queue, each with its own keys, so that a Cluster spreads them over its nodes. A job's part follows from its id. Order holds
   * within a part only; `maxWaiting`, `rateLimit`, `globalConcurrency`, `completed` and `dead` are shared out. The number cannot be changed while the queue exists. Default 1, to 64.
   */
  readonly partitions?: number;
  /** Attempts before a job is dead-lettered, the first one included. Default 5, from 1 to 1000. */
  readonly maxAttempts?: number;
  /** Pause before a retry. Default `exponential({ baseMs: 200, maxMs: 60_000, jitter: 'full' })`. */
  readonly backoff?: Backoff;
  /**
   * Judges what a handler threw, `attempt` being 1 for the first. Not asked about `DeadLetterError`, `RetryLaterError` and payloads that do
   * not match the schema. Default: every error is retried.
   */
  readonly classify?: (error: unknown, attempt: number) => FailureVerdict;
  /** After how long a silent consumer's jobs are given to others, in ms. Default 10 000. Short finds crashes sooner; long forgives longer pauses. */
  readonly leaseMs?: number;
  /** How long one attempt may take before it is aborted and counted as failed, in ms. Default 30 000. */
  readonly attemptTimeoutMs?: number;
  /** Waiting and delayed jobs beyond which enqueue is refused. Default 100 000. */
  readonly maxWaiting?: number;
  /** Changes bodies on their way to Redis and back. Default none: they are JSON. */
  readonly codec?: BodyCodec;
  /**
   * How many jobs all consumers together may start in `perMs` milliseconds of Redis's clock: `count` on average, and after a pause as many
   * at once, so at most 2 × count − 1 in any `perMs`. Default no limit.
   */
  readonly rateLimit?: RateLimit;
  /** Jobs that may run at once in all consumers together, from 1 to 1 000 000. Default no limit but their `concurrency`. */
  readonly globalConcurrency?: number;
  /** Largest encoded payload, in bytes; after the codec. Default 1 048 576. */
  readonly maxBodyBytes?: number;
  /** Losses suffered as a suspect after which a job counts as poison. Default 3. */
  readonly maxLeaseLosses?: number;
  /** Completed jobs kept for reading. Default none. */
  readonly completed?: Retention;
  /**
   * What handlers return, kept for `waitUntilCompleted` and the inspector: how many results, and for how long each. Default none.
   * A result is JSON through the codec and has `maxBodyBytes` at most; a larger one dead-letters its job as `invalid-result`.
   */
  readonly results?: Retention;
  /** Whether other processes may follow what happens to jobs, by `createEvents`; one message a call to Redis. Default false. */
  readonly events?: boolean;
  /** Dead-lettered jobs kept. Default 10 000 jobs for 14 days. */
  readonly dead?: Retention;
  /** What an enqueue waits for. Default `memory`; the others cost a round trip to disk or replica, and a connection of their own. */
  readonly durability?: Durability;
  /** Replicas that must have a job with durability `replicated`. Default 1, from 1 to 10. */
  readonly replicas?: number;
  /** How long an enqueue waits for disk or replicas before it rejects with `DURABILITY_NOT_REACHED`, in ms. Default 1000, from 1 to 4000. */
  readonly durabilityTimeoutMs?: number;
  /** Whether to start on a Redis that may drop any key when its memory is full (`allkeys-*`), and with it jobs. Default false. */
  readonly evictionAllowed?: boolean;
}

/** The options of a queue with every default filled in. */
export type ResolvedQueueOptions = Required<Omit<QueueOptions, 'codec' | 'globalConcurrency' | 'rateLimit'>> & {
  readonly codec: BodyCodec | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly globalConcurrency: number | undefined;
  /** Which of the partitions these options are of; 0 in a definition. */
  readonly partition: number;
};

const DAY_MS = 86_400_000;

export const defaults: Omit<ResolvedQueueOptions, 'name' | 'partition'> = Object.freeze({
  namespace: 'default',
  partitions: 1,
  maxAttempts: 5,
  backoff: exponential({ baseMs: 200, maxMs: 60_000, jitter: 'full' }),
  classify: () => 'retry',
  leaseMs: 10_000,
  attemptTimeoutMs: 30_000,
  maxWaiting: 100_000,
  codec: undefined,
  rateLimit: undefined,
  globalConcurrency: undefined,
  maxBodyBytes: 1_048_576,
  maxLeaseLosses: 3,
  completed: Object.freeze({ count: 0, ageMs: DAY_MS }),
  results: Object.freeze({ count: 0, ageMs: DAY_MS }),
  events: false,
  dead: Object.freeze({ count: 10_000, ageMs: 14 * DAY_MS }),
  durability: 'memory',
  replicas: 1,
  durabilityTimeoutMs: 1000,
  evictionAllowed: false,
});

const DURABILITIES: readonly Durability[] = ['memory', 'fsync', 'replicated'];

const ranges = {
  partitions: [1, 64],
  maxAttempts: [1, 1000],
  leaseMs: [1000, 3_600_000],
  attemptTimeoutMs: [1, 86_400_000],
  maxWaiting: [1, 1_000_000_000],
  maxBodyBytes: [1, 67_108_864],
  maxLeaseLosses: [1, 100],
  replicas: [1, 10],
  durabilityTimeoutMs: [1, 4000],
} as const;

/**
 * Fills in the defaults and checks every option.
 *
 * @throws {QueueError} `INVALID_OPTION` that names the option, its value and what is allowed.
 */
export function resolveQueueOptions(options: QueueOptions): ResolvedQueueOptions {
  refuseUnknown(options, [...Object.keys(defaults), 'name', 'schema'], 'defineQueue');
  const resolved = { ...defaults, ...dropUndefined(options), partition: 0 };
  checkName('name', resolved.name);
  checkName('namespace', resolved.namespace);
  for (const [option, [min, max]] of Object.entries(ranges)) checkWhole(option, resolved[option as keyof typeof ranges], min, max);
  if (typeof resolved.backoff !== 'function') refuse('backoff', resolved.backoff, 'a function (attempt, random) => milliseconds');
  if (typeof resolved.classify !== 'function') refuse('classify', resolved.classify, 'a function (error, attempt) => verdict');
  checkCodec(resolved.codec);
  checkLimits(resolved);
  checkShare('maxWaiting', resolved.maxWaiting, resolved);
  checkRetention('completed', resolved.completed);
  checkRetention('results', resolved.results);
  checkRetention('dead', resolved.dead);
  if (typeof resolved.events !== 'boolean') refuse('events', resolved.events, 'true or false');
  if (!DURABILITIES.includes(resolved.durability)) refuse('durability', resolved.durability, `one of ${DURABILITIES.join(', ')}`);
  if (typeof resolved.evictionAllowed !== 'boolean') refuse('evictionAllowed', resolved.evictionAllowed, 'true or false');
  return Object.freeze(resolved);
}

/** Whether something besides its slots says how many jobs a consumer of the queue may claim. */
export function isLimited({ rateLimit, globalConcurrency }: Pick<ResolvedQueueOptions, 'globalConcurrency' | 'rateLimit'>): boolean {
  return rateLimit !== undefined || globalConcurrency !== undefined;
}

function checkLimits(resolved: ResolvedQueueOptions): void {
  const { rateLimit, globalConcurrency } = resolved;
  if (globalConcurrency !== undefined) {
    checkWhole('globalConcurrency', globalConcurrency, 1, 1_000_000);
    checkShare('globalConcurrency', globalConcurrency, resolved);
  }
  if (rateLimit === undefined) return;
  if (typeof rateLimit !== 'object' || rateLimit === null) refuse('rateLimit', rateLimit, '{ count, perMs }');
  refuseUnknown(rateLimit, ['count', 'perMs'], 'rateLimit');
  checkWhole('rateLimit.count', rateLimit.count, 1, 1_000_000);
  checkWhole('rateLimit.perMs', rateLimit.perMs, 1, DAY_MS);
  checkShare('rateLimit.count', rateLimit.count, resolved);
}

/** What is shared out must leave something for each partition. */
function checkShare(option: string, value: number, { partitions }: ResolvedQueueOptions): void {
  if (value < partitions) refuse(option, value, `at least partitions (${partitions})`);
}

function checkCodec(codec: BodyCodec | undefined): void {
  if (codec === undefined) return;
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') refuse('codec', codec, '{ encode, decode }');
  refuseUnknown(codec, ['encode', 'decode'], 'codec');
}

function checkRetention(option: string, retention: Retention): void {
  if (typeof retention !== 'object' || retention === null) refuse(option, retention, '{ count, ageMs }');
  refuseUnknown(retention, ['count', 'ageMs'], option);
  checkWhole(`${option}.count`, retention.count, 0, 10_000_000);
  checkWhole(`${option}.ageMs`, retention.ageMs, 1, 366 * DAY_MS);
}

/** @throws {QueueError} `INVALID_OPTION` unless the value is a whole number from min to max. */
export function checkWhole(option: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    refuse(option, value, `a whole number from ${min} to ${max}`);
}

/** @throws {QueueError} `INVALID_OPTION` for an option that does not exist. */
export function refuseUnknown(options: object, known: readonly string[], where: string): void {
  for (const option of Object.keys(options)) {
    if (!known.includes(option))
      throw new QueueError('INVALID_OPTION', `${where} has no option ${option}; it has ${known.toSorted().join(', ')}`);
  }
}

function checkName(option: string, value: unknown): void {
  if (typeof value !== 'string' || !/^[\w.-]{1,128}$/.test(value)) refuse(option, value, '1 to 128 letters, digits, _, - or .');
}

/** @throws {QueueError} `INVALID_OPTION`, always. */
export function refuse(option: string, value: unknown, allowed: string): never {
  throw new QueueError('INVALID_OPTION', `${option} must be ${allowed}, got ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

export function dropUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

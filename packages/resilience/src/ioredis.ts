import {
  type Classification,
  classifyErrors,
  type Classify,
  functionOption,
  type OptionCheck,
  optional,
  type Pipeline,
  ResilienceError,
  resolveOptions,
} from '@nines/resilience';
import type { InheritedCall } from './fetch.ts';

/** What is used of a connection: the `Redis` and `Cluster` of ioredis 5 and 6 fit. */
export interface RedisLike {
  /** The names of the commands it knows, in lower case. */
  getBuiltinCommands(): readonly string[];
}

/** Options of {@link redisWith}. */
export interface RedisOptions {
  /** Commands that your program may run twice though they write, such as `set`. In lower case. Default: none; commands that only read always may. */
  readonly idempotent?: readonly string[];
  /** Gives the call that commands are made for: its deadline bounds them, its end ends them. Default: none. */
  readonly context?: () => InheritedCall | undefined;
}

/** Commands that only read. */
const READS: ReadonlySet<string> = new Set(
  (
    'bitcount bitpos dbsize echo exists expiretime geodist geohash geopos geosearch get getbit getrange hexists hget hgetall hkeys hlen ' +
    'hmget hrandfield hscan hstrlen hvals keys lindex llen lpos lrange mget pexpiretime pfcount ping pttl randomkey scan scard sdiff sinter ' +
    'sintercard sismember smembers smismember srandmember sscan strlen sunion time ttl type xinfo xlen xpending xrange xrevrange zcard ' +
    'zcount zdiff zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex ' +
    'zrevrangebyscore zrevrank zscan zscore zunion'
  ).split(' '),
);

/** Commands that change the connection, or hold it until something happens: no policy may repeat or cut them. */
const UNWRAPPED: ReadonlySet<string> = new Set(
  (
    'asking auth blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin client discard exec hello monitor multi psubscribe ' +
    'punsubscribe quit readonly readwrite reset select shutdown ssubscribe subscribe sunsubscribe sync psync unsubscribe unwatch wait waitaof ' +
    'watch xread xreadgroup'
  ).split(' '),
);

/** Redis did nothing and will do it soon. */
const BUSY: ReadonlySet<string> = new Set(['LOADING', 'BUSY', 'TRYAGAIN']);

/** Redis, or the part of it that was asked, cannot serve. */
const UNWELL: ReadonlySet<string> = new Set(['CLUSTERDOWN', 'MASTERDOWN', 'MISCONF', 'NOREPLICAS', 'OOM', 'READONLY']);

function judgeReply(message: string): Classification {
  const code = /^[A-Z]+/.exec(message)?.[0] ?? '';
  if (BUSY.has(code) || message.startsWith('ERR max number of clients')) return 'throttled';
  return UNWELL.has(code) ? 'transient' : 'ignored';
}

/**
 * A classifier for what ioredis rejects with.
 *
 * | error | kind | why |
 * |---|---|---|
 * | `LOADING`, `BUSY`, `TRYAGAIN`, too many clients | `throttled` | nothing was done; Redis is alive and asks for time |
 * | `CLUSTERDOWN`, `MASTERDOWN`, `MISCONF`, `NOREPLICAS`, `OOM`, `READONLY` | `transient` | Redis cannot serve now |
 * | any other answer, such as `WRONGTYPE` | `ignored` | a mistake in the program says nothing about Redis |
 * | no answer: connection closed, timed out, aborted with it | `transient` | whether the command ran is not known |
 *
 * @example
 * ```ts
 * import { systemClock } from '@nines/resilience';
 * import { redisErrors } from '@nines/resilience/ioredis';
 *
 * const error = Object.assign(new Error('WRONGTYPE Operation against a key'), { name: 'ReplyError' });
 * console.log(redisErrors()({ ok: false, error }, systemClock)); // ignored
 * ```
 */
export function redisErrors(): Classify {
  return (outcome, clock) => {
    if (outcome.ok || !(outcome.error instanceof Error)) return classifyErrors(outcome, clock);
    const { name, message } = outcome.error;
    if (name === 'ReplyError') return judgeReply(message);
    // In ioredis an AbortError is a connection that was lost, not a caller who left.
    return name === 'AbortError' ? 'transient' : classifyErrors(outcome, clock);
  };
}

type Method = (...args: unknown[]) => unknown;

const commandList: OptionCheck = (value) =>
  Array.isArray(value) && value.length <= 1_000 && value.every((one) => typeof one === 'string' && one === one.toLowerCase())
    ? undefined
    : 'an array of at most 1000 command names in lower case';

/**
 * The same connection, whose commands go through a pipeline made with `classify: redisErrors()`. Commands that only read, and
 * those you name, may be retried; any other is retried only when Redis itself put it off. Everything else of the connection
 * is as before: events, `pipeline()` and `multi()`, commands of your own, subscriptions, blocking commands, and calls with a
 * callback do not go through the pipeline.
 *
 * A command cannot be taken back: when a policy ends it, Redis may still run it. Set `maxRetriesPerRequest` of ioredis to 0 or
 * 1, or two layers retry.
 *
 * @throws ResilienceError `INVALID_OPTION`; a command rejects as `pipeline.execute` does
 *
 * @example
 * ```ts
 * import { pipeline, timeout } from '@nines/resilience';
 * import { redisErrors, redisWith } from '@nines/resilience/ioredis';
 *
 * // In the place of `new Redis({ maxRetriesPerRequest: 1 })` from ioredis.
 * const connection = { getBuiltinCommands: () => ['get'], get: async (key: string) => `value of ${key}` };
 * const redis = redisWith(pipeline('redis', [timeout({ attemptMs: 100 })], { classify: redisErrors() }), connection);
 * console.log(await redis.get('stock')); // value of stock
 * ```
 */
export function redisWith<T extends RedisLike>(pipeline: Pipeline, client: T, options?: RedisOptions): T {
  const { idempotent, context } = resolveOptions<Required<RedisOptions>>(
    'redisWith',
    options,
    { idempotent: [] },
    { idempotent: commandList, context: optional(functionOption()) },
  );
  if (typeof pipeline?.execute !== 'function') throw new ResilienceError('INVALID_OPTION', 'redisWith: pipeline must be a pipeline');
  if (typeof client?.getBuiltinCommands !== 'function')
    throw new ResilienceError('INVALID_OPTION', 'redisWith: client must be a connection');
  const commands = new Set(client.getBuiltinCommands().filter((name) => !UNWRAPPED.has(name)));
  const repeatable = new Set([...READS, ...idempotent]);

  const wrap = (command: string, method: Method): Method => {
    return (...args) => {
      if (typeof args.at(-1) === 'function') return method.apply(client, args);
      const inherited = context?.();
      const { signal, criticality } = inherited ?? {};
      const remainingMs = inherited?.remainingMs();
      return pipeline.execute(() => method.apply(client, args), { signal, criticality, remainingMs, idempotent: repeatable.has(command) });
    };
  };
  const wrapped = new Map<string, { readonly of: Method; readonly method: Method }>();
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string' || name === 'constructor') return value;
      const of = value as Method;
      const known = wrapped.get(name);
      if (known?.of === of) return known.method;
      const command = name.replace(/Buffer$/, '');
      const method = commands.has(command) ? wrap(command, of) : of.bind(target);
      wrapped.set(name, { of, method });
      return method;
    },
  });
}

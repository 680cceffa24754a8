import { type Backoff, exponential } from './backoff.ts';
import type { BreakerWindow } from './breaker.ts';
import { ConsecutiveWindow, CountWindow, TimeWindow } from './breaker-window.ts';
import type { CallContext } from './policy-context.ts';
import { breakerPolicy } from './keyed-breakers.ts';
import {
  booleanOption,
  functionOption,
  MAX_TIMER_MS,
  objectOption,
  oneOf,
  type OptionCheck,
  optional,
  ratio,
  resolveOptions,
  wholeNumber,
} from './options.ts';
import type { Policy } from './policy.ts';

/** Which calls a closed breaker looks at. */
export type BreakerWindowOptions =
  /** The calls that ended in the last `ms` milliseconds, forgotten in `buckets` parts. */
  | { readonly type: 'time'; readonly ms: number; readonly buckets?: number }
  /** The last `size` calls that ended, however old. For calls that are rare and regular. */
  | { readonly type: 'count'; readonly size: number }
  /** Opens after `failures` in a row; the rates and `minimumCalls` are not looked at. */
  | { readonly type: 'consecutive'; readonly failures: number };

/** How a breaker finds out whether the dependency is well again. */
export interface HalfOpenOptions {
  /** Calls that are let through as probes; with all of them good it closes. Default: 3. */
  readonly permits?: number;
  /** Share of `permits` that must fail for it to open again (at or above). Above 0, up to 1. Default: 0.5. */
  readonly failureRateThreshold?: number;
  /** A probe that takes longer counts as failed; its late result counts for nothing. Milliseconds, default: 10 000. */
  readonly probeTimeoutMs?: number;
}

/** Options of {@link circuitBreaker}. All have a default. */
export interface CircuitBreakerOptions {
  /** Default: `{ type: 'time', ms: 10_000, buckets: 10 }`. */
  readonly window?: BreakerWindowOptions;
  /** Share of failed calls in the window from which it opens (at or above). Above 0, up to 1. Default: 0.5. */
  readonly failureRateThreshold?: number;
  /** A call that takes as long is slow, whether it fails or not. Milliseconds. Default: no call is slow. */
  readonly slowCallMs?: number;
  /** Share of slow calls in the window from which it opens (at or above). Above 0, up to 1. Default: 0.9; needs `slowCallMs`. */
  readonly slowCallRateThreshold?: number;
  /** Calls that must have ended in the window before it may open. Default: 20. A count window must be as large. */
  readonly minimumCalls?: number;
  /** How long it stays open; attempt 1 is the first time, and each failed round of probes is one more. Default: `exponential({ baseMs: 5_000, maxMs: 60_000, jitter: 'equal' })`. */
  readonly open?: Backoff;
  readonly halfOpen?: HalfOpenOptions;
  /** Gives each call a key, such as a host name: one breaker for each key. Default: one breaker for all. */
  readonly key?: (ctx: CallContext) => string | undefined;
  /** Most breakers kept when `key` is set; past it one that was not used for long is forgotten, a closed one first. Default: 1 000. */
  readonly maxKeys?: number;
  /** Counts and tells of its states, but refuses nothing: to try numbers on real traffic. `isolate()` still refuses. Default: false. */
  readonly metricsOnly?: boolean;
}

type Resolved = Required<Omit<CircuitBreakerOptions, 'key' | 'slowCallMs' | 'halfOpen' | 'window'>> &
  Pick<CircuitBreakerOptions, 'key' | 'slowCallMs'> & {
    readonly window: BreakerWindowOptions;
    readonly halfOpen: HalfOpenOptions;
  };

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  window: Object.freeze({ type: 'time', ms: 10_000, buckets: 10 } as const),
  failureRateThreshold: 0.5,
  slowCallRateThreshold: 0.9,
  minimumCalls: 20,
  open: exponential({ baseMs: 5_000, maxMs: 60_000, jitter: 'equal' }),
  halfOpen: Object.freeze({}),
  maxKeys: 1_000,
  metricsOnly: false,
});

const halfOpenDefaults: Readonly<Required<HalfOpenOptions>> = Object.freeze({
  permits: 3,
  failureRateThreshold: 0.5,
  probeTimeoutMs: 10_000,
});

const OWNER = 'circuitBreaker';

/** The options of each type of window, `type` included. */
function resolveWindow(window: BreakerWindowOptions, minimumCalls: number): BreakerWindowOptions {
  const type = oneOf(['time', 'count', 'consecutive']);
  const resolve = (checks: Readonly<Record<string, OptionCheck>>, fill: object = {}): BreakerWindowOptions =>
    resolveOptions<Record<string, unknown>>(`${OWNER} window`, window, fill, { type, ...checks }) as unknown as BreakerWindowOptions;
  if (window.type === 'count') return resolve({ size: wholeNumber(minimumCalls, 100_000) });
  if (window.type === 'consecutive') return resolve({ failures: wholeNumber(1, 1_000_000) });
  return resolve({ ms: wholeNumber(100, MAX_TIMER_MS), buckets: wholeNumber(1, 100) }, { buckets: 10 });
}

function createWindow(
  { window, minimumCalls, failureRateThreshold, slowCallRateThreshold }: Resolved,
  previous: BreakerWindow | undefined,
): BreakerWindow {
  const rule = { minimumCalls, failureRate: failureRateThreshold, slowCallRate: slowCallRateThreshold };
  if (previous !== undefined) {
    if ('rule' in previous) previous.rule = rule;
    return previous;
  }
  if (window.type === 'time') return new TimeWindow(window.ms, window.buckets ?? 10, rule);
  return window.type === 'count' ? new CountWindow(window.size, rule) : new ConsecutiveWindow(window.failures);
}

function resolve(options: CircuitBreakerOptions): Resolved & { readonly halfOpen: Required<HalfOpenOptions> } {
  const outer = resolveOptions<Resolved>(OWNER, options, defaults, {
    window: objectOption(),
    failureRateThreshold: ratio(),
    slowCallMs: optional(wholeNumber(1, MAX_TIMER_MS)),
    slowCallRateThreshold: ratio(),
    minimumCalls: wholeNumber(1, 100_000),
    open: functionOption(),
    halfOpen: objectOption(),
    key: optional(functionOption()),
    maxKeys: wholeNumber(1, 100_000),
    metricsOnly: booleanOption(),
  });
  const halfOpen = resolveOptions<Required<HalfOpenOptions>>(`${OWNER} halfOpen`, outer.halfOpen, halfOpenDefaults, {
    permits: wholeNumber(1, 1_000),
    failureRateThreshold: ratio(),
    probeTimeoutMs: wholeNumber(1, MAX_TIMER_MS),
  });
  return Object.freeze({ ...outer, window: resolveWindow(outer.window, outer.minimumCalls), halfOpen });
}

/**
 * Stops calling a dependency that fails or is too slow, and finds out when it is well again. `success` counts as success,
 * `failure` and `transient` as failure; what is `throttled`, `ignored` or `rejected` does not count. Only what has ended
 * counts, each call once, in the generation in which it began: a late result neither opens nor closes.
 *
 * Half-open: at most `permits` calls go through. It opens again, for longer, as soon as the share of failed, hung or slow
 * probes reaches its threshold, and closes when all probes have ended below it. A probe whose caller left gives its place
 * back. The state moves from open to half-open with the first call after the open time, so an idle breaker stays `open`.
 *
 * Turn it by hand with `pipeline.breaker`.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `CIRCUIT_OPEN` (`retryAfterMs` says when it will probe) or `CIRCUIT_ISOLATED`
 *
 * @example
 * ```ts
 * import { circuitBreaker, fixed, pipeline } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [circuitBreaker({ minimumCalls: 2, open: fixed(5_000) })]);
 * const down = () => Promise.reject(new Error('down'));
 * const kinds = [];
 * for (let i = 0; i < 3; i++) kinds.push((await inventory.executeOutcome(down)).kind);
 * console.log(kinds); // [ 'transient', 'transient', 'rejected' ]
 * ```
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): Policy {
  const resolved = resolve(options);
  const { open, halfOpen, slowCallMs, slowCallRateThreshold, metricsOnly, key, maxKeys } = resolved;
  return breakerPolicy({
    name: 'circuit-breaker',
    options: resolved,
    settings: {
      open,
      permits: halfOpen.permits,
      probeFailureRate: halfOpen.failureRateThreshold,
      probeTimeoutMs: halfOpen.probeTimeoutMs,
      slowCallMs: slowCallMs ?? Number.POSITIVE_INFINITY,
      slowCallRate: slowCallMs === undefined ? 2 : slowCallRateThreshold,
      metricsOnly,
    },
    createWindow: (_host, previous) => createWindow(resolved, previous),
    fixed: ['window', 'key'],
    key,
    maxKeys,
  });
}

import {
  breakerPolicy,
  type CallContext,
  fixed,
  functionOption,
  MAX_TIMER_MS,
  optional,
  type Policy,
  ratio,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';
import { OpossumWindow, type OpossumWindowSettings } from './opossum-window.ts';

export type { InstrumentationOptions } from './instrumentation.ts';
export { instrument, type OpossumBreaker } from './opossum-instrument.ts';

/** Options of {@link opossum}. All have a default. */
export interface OpossumOptions {
  /** Share of failed calls in the window from which the breaker opens (at or above). Above 0, up to 1. Default: 0.5. */
  readonly failureRateThreshold?: number;
  /** Calls that must have ended in the window before the breaker may open. Default: 20. */
  readonly minimumCalls?: number;
  /** Length of the rolling window. Milliseconds, default: 10 000. */
  readonly windowMs?: number;
  /** Parts in which the window moves on. Default: 10. */
  readonly windowBuckets?: number;
  /** How long the breaker stays open before it lets a probe through. Milliseconds, default: 30 000. */
  readonly openMs?: number;
  /** Probes in the half-open state, and how many must succeed to close. Default: 1. */
  readonly probes?: number;
  /** A probe that takes longer counts as failed; its late result counts for nothing. Milliseconds, default: 10 000. */
  readonly probeTimeoutMs?: number;
  /** Gives each call a key, such as a host name: one breaker for each key. Default: one breaker for all. */
  readonly key?: (ctx: CallContext) => string | undefined;
  /** Most breakers kept when `key` is set; past it one that was not used for long is forgotten, a closed one first. Default: 1 000. */
  readonly maxKeys?: number;
}

type Resolved = OpossumWindowSettings & Required<Omit<OpossumOptions, 'key'>> & Pick<OpossumOptions, 'key'>;

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  failureRateThreshold: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  windowBuckets: 10,
  openMs: 30_000,
  probes: 1,
  probeTimeoutMs: 10_000,
  maxKeys: 1_000,
});

/**
 * A circuit breaker whose rolling window and trip decision are those of opossum 10, without its faults: opossum is told
 * only the settled outcome of a call of the current generation. `success` counts as success, `failure` and `transient` as
 * failure; what is `throttled`, `ignored` or `rejected` does not count.
 *
 * The state moves from open to half-open with the first call after `openMs`, so an idle breaker stays `open`.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `CIRCUIT_OPEN`, whose `retryAfterMs` says when the breaker will probe
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { opossum } from '@nines/resilience/opossum';
 *
 * const inventory = pipeline('inventory', [opossum({ minimumCalls: 2, openMs: 5_000 })]);
 * const down = () => Promise.reject(new Error('down'));
 * const kinds = [];
 * for (let i = 0; i < 3; i++) kinds.push((await inventory.executeOutcome(down)).kind);
 * console.log(kinds); // [ 'transient', 'transient', 'rejected' ]
 * ```
 */
export function opossum(options: OpossumOptions = {}): Policy {
  const resolved = resolveOptions<Resolved>('opossum', options, defaults, {
    failureRateThreshold: ratio(),
    minimumCalls: wholeNumber(1, 1_000_000),
    windowMs: wholeNumber(100, MAX_TIMER_MS),
    windowBuckets: wholeNumber(1, 100),
    openMs: wholeNumber(1, MAX_TIMER_MS),
    probes: wholeNumber(1, 1_000),
    probeTimeoutMs: wholeNumber(1, MAX_TIMER_MS),
    key: optional(functionOption()),
    maxKeys: wholeNumber(1, 100_000),
  });
  const { openMs, probes, probeTimeoutMs, key, maxKeys } = resolved;
  return breakerPolicy({
    name: 'opossum',
    options: resolved,
    // Any probe that fails opens it again.
    settings: {
      open: fixed(openMs),
      permits: probes,
      probeFailureRate: 1 / probes,
      probeTimeoutMs,
      slowCallMs: Number.POSITIVE_INFINITY,
      slowCallRate: 2,
      metricsOnly: false,
    },
    createWindow({ pipeline, clock }, previous) {
      if (!(previous instanceof OpossumWindow)) return new OpossumWindow(pipeline, resolved, clock.now());
      previous.use(resolved);
      return previous;
    },
    fixed: ['minimumCalls', 'windowMs', 'windowBuckets', 'key'],
    key,
    maxKeys,
  });
}

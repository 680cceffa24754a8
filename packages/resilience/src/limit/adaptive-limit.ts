import {
  type AttemptRecord,
  type BoundPolicy,
  checkOption,
  MAX_TIMER_MS,
  numberFrom,
  oneOf,
  type OptionCheck,
  optional,
  type Policy,
  type PolicyHost,
  ratio,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';
import { resolveShedFrom, SHED_NONE, type ShedFrom } from '../shedding.ts';
import { aimdLimit, gradientLimit, type LimitAlgorithm, LimitWindow } from './algorithms.ts';
import { Places } from './places.ts';
import { type LimitQueueOptions, queueChecks, queueDefaults } from './queue-options.ts';

/** What both algorithms have. All have a default. */
export interface MovingLimitOptions extends LimitQueueOptions {
  /** The limit at the start. Default: 20, or what is nearest to it in the bounds. */
  readonly initialLimit?: number;
  /** It never falls below this. From 1. Default: 20. */
  readonly minLimit?: number;
  /** It never grows above this. From `minLimit`. Default: 200. */
  readonly maxLimit?: number;
  /** The limit moves at most once in this time. Shorter follows faster and is less steady. Milliseconds, 10 to 60 000. Default: 100. */
  readonly windowMs?: number;
}

/** Options of {@link adaptiveLimit} by the gradient of the time a call takes. */
export interface GradientLimitOptions extends MovingLimitOptions {
  readonly algorithm?: 'gradient';
  /** How much longer than usual a call may take before the limit falls. From 1 to 10. Default: 1.5. */
  readonly tolerance?: number;
  /** How much of each step is taken. Above 0, up to 1. Default: 0.2. */
  readonly smoothing?: number;
  /** What each step adds, so that the limit can grow. From 0 to 1 000. Default: 4. */
  readonly queueSize?: number;
  /** What `usual` is measured over. An overload that lasts becomes usual. Milliseconds, default: 600 000. */
  readonly longWindowMs?: number;
}

/** Options of {@link adaptiveLimit} by what the dependency drops. */
export interface AimdLimitOptions extends MovingLimitOptions {
  readonly algorithm: 'aimd';
  /** What is left of the limit after a window with a drop. Above 0, below 1. Default: 0.9. */
  readonly backoffRatio?: number;
  /** Share of the attempts of a window that must be dropped (`throttled`, `transient`) for it to count as one (at or above). Above 0, up to 1. Default: 0.05. */
  readonly dropRateThreshold?: number;
  /** An average time from which a window counts as one with a drop, for a dependency that grows slow before it refuses. Milliseconds. Default: none. */
  readonly slowMs?: number;
}

/** Options of {@link adaptiveLimit}. */
export type AdaptiveLimitOptions = GradientLimitOptions | AimdLimitOptions;

interface Resolved extends Required<Omit<MovingLimitOptions, 'shedFrom'>> {
  readonly shedFrom: ShedFrom;
}
type ResolvedGradient = Resolved & Required<Pick<GradientLimitOptions, 'tolerance' | 'smoothing' | 'queueSize' | 'longWindowMs'>>;
type ResolvedAimd = Resolved & Required<Pick<AimdLimitOptions, 'backoffRatio' | 'dropRateThreshold'>> & Pick<AimdLimitOptions, 'slowMs'>;

const NAME = 'adaptive-limit';
const OWNER = 'adaptiveLimit';
const MAX_LIMIT = 1_000_000;

const defaults = Object.freeze({ ...queueDefaults, minLimit: 20, maxLimit: 200, windowMs: 100, shedFrom: SHED_NONE });
const gradientDefaults = Object.freeze({ tolerance: 1.5, smoothing: 0.2, queueSize: 4, longWindowMs: 600_000 });
const aimdDefaults = Object.freeze({ backoffRatio: 0.9, dropRateThreshold: 0.05 });

const fraction: OptionCheck = (value) => (typeof value === 'number' && value > 0 && value < 1 ? undefined : 'a number above 0 and below 1');

/** Options of one algorithm; those of the other are unknown to it. */
function resolve(options: object, own: object, ownChecks: object, algorithm: string): Resolved {
  const { minLimit = defaults.minLimit, maxLimit = defaults.maxLimit } = options as MovingLimitOptions;
  // What is no number is refused below, in words.
  const lowest = Number.isInteger(minLimit) ? minLimit : 1;
  const highest = Number.isInteger(maxLimit) ? maxLimit : MAX_LIMIT;
  const fill = { ...defaults, ...own, initialLimit: Math.max(lowest, Math.min(highest, 20)), algorithm };
  const checks = {
    algorithm: oneOf(['gradient', 'aimd']),
    minLimit: wholeNumber(1, MAX_LIMIT),
    maxLimit: wholeNumber(lowest, MAX_LIMIT),
    initialLimit: wholeNumber(lowest, highest),
    windowMs: wholeNumber(10, 60_000),
    ...queueChecks,
    ...ownChecks,
  } as Readonly<Record<keyof Resolved, OptionCheck>>;
  const resolved = resolveOptions<Resolved>(OWNER, options, fill, checks);
  const { shedFrom } = resolved;
  return Object.freeze({ ...resolved, shedFrom: shedFrom === SHED_NONE ? shedFrom : resolveShedFrom(OWNER, shedFrom) });
}

/** A limit that is found while it runs, for each pipeline anew. */
interface Plan {
  readonly options: Resolved;
  readonly create: () => LimitAlgorithm;
}

function plan(options: AdaptiveLimitOptions): Plan {
  if (options.algorithm === 'aimd') {
    const checks = { backoffRatio: fraction, dropRateThreshold: ratio(), slowMs: optional(wholeNumber(1, MAX_TIMER_MS)) };
    const resolved = resolve(options, aimdDefaults, checks, 'aimd') as ResolvedAimd;
    return { options: resolved, create: () => aimdLimit(resolved) };
  }
  const checks = {
    tolerance: numberFrom(1, 10),
    smoothing: ratio(),
    queueSize: numberFrom(0, 1_000),
    longWindowMs: wholeNumber(1_000, MAX_TIMER_MS),
  };
  const resolved = resolve(options, gradientDefaults, checks, 'gradient') as ResolvedGradient;
  return { options: resolved, create: () => gradientLimit(resolved) };
}

/** Shows the attempts of one call to the window. Those that were ignored, such as a hedge's losers, say nothing. */
function sample(window: LimitWindow, attempts: readonly AttemptRecord[], from: number): void {
  for (let i = from; i < attempts.length; i++) {
    const { kind, durationMs } = attempts[i]!;
    if (kind !== 'ignored' && kind !== 'rejected') window.add(durationMs, kind === 'transient' || kind === 'throttled');
  }
}

function bindAdaptiveLimit({ options, create }: Plan, { clock }: PolicyHost): BoundPolicy {
  const algorithm = create();
  const window = new LimitWindow(options.windowMs, algorithm);
  const places = new Places(
    NAME,
    options,
    clock,
    () => Math.floor(algorithm.limit),
    (ctx, next, done, free) => {
      const { inFlight } = places;
      const from = ctx.attempts.length;
      next(ctx, (outcome) => {
        sample(window, ctx.attempts, from);
        const moved = window.close(ctx.now, inFlight);
        ctx.whenIdle(free);
        if (moved) places.fill();
        done(outcome);
      });
    },
  );
  return {
    step: (ctx, next, done) => places.enter(ctx, next, done),
    snapshot: () => ({ limiter: places.snapshot() }),
    reconfigure(policy) {
      const next = policy.options as Resolved;
      algorithm.reconfigure(next);
      window.windowMs = next.windowMs;
      places.reconfigure(next);
    },
  };
}

const algorithmOption: OptionCheck = optional(oneOf(['gradient', 'aimd']));

/**
 * A bulkhead that finds its limit itself, from what the attempts inside it show: `success` and `failure` are answers,
 * `transient` and `throttled` are drops, `ignored` says nothing. With L the limit, once a window of `windowMs`:
 *
 * | algorithm | step | use it |
 * |---|---|---|
 * | `gradient` | g = clamp(tolerance · longRtt / shortRtt, 0.5, 1); L = L · (1 − s) + s · (L · g + queueSize); unchanged when fewer than L/2 ran | for a dependency that grows slow when it has too much |
 * | `aimd` | L · backoffRatio on a drop, else L + 1 when 2 · inFlight ≥ L | for one that refuses, or times out, when it has too much |
 *
 * `shortRtt` is the average of the window, `longRtt` a slow average over `longWindowMs`. It stands where a bulkhead stands,
 * instead of one, and measures each attempt by itself: waits between retries are no part of it.
 *
 * A call keeps its place until its function has really ended. With a queue, what matters more goes first and may put out what
 * matters least; with `shedFrom` each criticality has a share of the limit. See {@link loadShedding}.
 *
 * `gradient` takes what it sees for usual after a while: under a constant overload the limit doubles about every seven minutes
 * with the default `longWindowMs`, until `maxLimit`. So set `maxLimit` to what you would dare as a fixed limit. `aimd` has no such drift.
 *
 * Source: Netflix concurrency-limits, `Gradient2Limit`, `AIMDLimit` and `WindowedLimit`.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `LIMIT_EXCEEDED`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { adaptiveLimit } from '@nines/resilience/limit';
 *
 * const inventory = pipeline('inventory', [adaptiveLimit({ algorithm: 'gradient', maxQueue: 10, maxWaitMs: 50 })]);
 * console.log(await inventory.execute(() => 42), inventory.snapshot().policies[0]?.limiter); // 42 { limit: 20, inFlight: 0, queued: 0 }
 * ```
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): Policy {
  checkOption(OWNER, 'options', options, (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object',
  );
  checkOption(OWNER, 'algorithm', options.algorithm, algorithmOption);
  const planned = plan(options);
  return {
    name: NAME,
    kind: 'bulkhead',
    options: planned.options,
    fixed: ['algorithm', 'longWindowMs'],
    bind: (host) => bindAdaptiveLimit(planned, host),
  };
}

import {
  type CallContext,
  type Classification,
  CRITICALITIES,
  type Criticality,
  functionOption,
  MAX_TIMER_MS,
  oneOf,
  type OptionCheck,
  optional,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';

/** What kinds of faults there are. */
export type FaultKind = 'latency' | 'fault' | 'outcome' | 'behaviour';

/** How often a fault strikes, and whom. */
export interface FaultScope {
  /** Share of the calls that are struck, 0 to 1. */
  readonly rate: number;
  /** Strikes only calls whose `key` passes. Default: all. */
  readonly key?: (key: string | undefined) => boolean;
  /** Strikes only calls of these criticalities. Default: all. */
  readonly criticality?: readonly Criticality[];
}

/** Options of {@link latency}. */
export interface LatencyOptions extends FaultScope {
  /** Added before the function runs. Milliseconds, from 1. */
  readonly ms: number;
  /** Up to so much more, evenly spread. Milliseconds, default: 0. */
  readonly jitterMs?: number;
}

/** Options of {@link fault}. */
export interface FaultOptions extends FaultScope {
  /** Makes the error the attempt ends with instead of running the function. */
  readonly error: () => unknown;
  /** How the error is judged. Default: `transient`. */
  readonly kind?: Exclude<Classification, 'success'>;
}

/** Options of {@link outcome}. */
export interface OutcomeOptions extends FaultScope {
  /** Makes the value the attempt resolves to instead of running the function, such as a `Response` of status 503. */
  readonly value: () => unknown;
  /** How the value is judged. Default: `success`. */
  readonly kind?: Classification;
  /** The wait the dependency is said to have asked for. Milliseconds; default: none. */
  readonly retryAfterMs?: number;
}

/** Options of {@link behaviour}. */
export interface BehaviourOptions extends FaultScope {
  /** Runs before the function, such as one that closes connections. What it throws is the error of the attempt, `transient`. */
  readonly run: (ctx: CallContext) => unknown;
}

/** What makes something up in the place of the function. */
export interface MadeUp {
  readonly result: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };
  readonly kind: Classification;
  readonly retryAfterMs: number | undefined;
}

/** One fault of a {@link chaos} policy; made by {@link latency}, {@link fault}, {@link outcome} or {@link behaviour}. */
export interface Fault {
  readonly kind: FaultKind;
  /** Share of the calls that are struck, 0 to 1. */
  readonly rate: number;
  /** Whether it may strike this call, by its key and criticality. */
  readonly reaches: (ctx: CallContext) => boolean;
  /** How long to wait first, in milliseconds. */
  readonly delayMs: ((random: () => number) => number) | undefined;
  /** What to do first. */
  readonly before: ((ctx: CallContext) => unknown) | undefined;
  /** What to give instead of running the function. */
  readonly instead: (() => MadeUp) | undefined;
}

/** Allows numbers from 0 to 1. */
export const share: OptionCheck = (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1');

const levels: OptionCheck = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => (CRITICALITIES as readonly unknown[]).includes(one))
    ? undefined
    : `an array of ${CRITICALITIES.join(', ')}`;

/** Whom a fault, or the whole policy, may strike. */
export const scope: { readonly key: OptionCheck; readonly criticality: OptionCheck } = {
  key: optional(functionOption()),
  criticality: optional(levels),
};

/** Both must pass; what is not given passes. */
export function reaches({ key, criticality }: Pick<FaultScope, 'key' | 'criticality'>): (ctx: CallContext) => boolean {
  return (ctx) => (criticality === undefined || criticality.includes(ctx.criticality)) && (key === undefined || key(ctx.key));
}

const faultScope = { rate: share, ...scope };
const none = { delayMs: undefined, before: undefined, instead: undefined };

/**
 * Makes calls slow: waits before the function runs. The wait ends early when the attempt is aborted, so a timeout works as on
 * a slow dependency.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline, timeout } from '@nines/resilience';
 * import { chaos, latency } from '@nines/resilience/chaos';
 *
 * const policies = [timeout({ attemptMs: 20 }), chaos({ enabled: true, faults: [latency({ rate: 1, ms: 60_000 })] })];
 * console.log((await pipeline('slow', policies).executeOutcome(() => 42)).kind); // transient
 * ```
 */
export function latency(options: LatencyOptions): Fault {
  const resolved = resolveOptions<Required<LatencyOptions>>(
    'latency',
    options,
    { jitterMs: 0 },
    { ...faultScope, ms: wholeNumber(1, MAX_TIMER_MS), jitterMs: wholeNumber(0, MAX_TIMER_MS) },
  );
  const { rate, ms, jitterMs } = resolved;
  return {
    kind: 'latency',
    rate,
    reaches: reaches(resolved),
    ...none,
    delayMs: (random) => Math.min(MAX_TIMER_MS, ms + jitterMs * random()),
  };
}

/**
 * Makes calls fail: the function is not run, the attempt ends with an error.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { chaos, fault } from '@nines/resilience/chaos';
 *
 * const faults = [fault({ rate: 1, error: () => new Error('connection reset') })];
 * const outcome = await pipeline('broken', [chaos({ enabled: true, faults })]).executeOutcome(() => 42);
 * console.log(outcome.ok, outcome.kind); // false transient
 * ```
 */
export function fault(options: FaultOptions): Fault {
  const resolved = resolveOptions<Required<FaultOptions>>(
    'fault',
    options,
    { kind: 'transient' },
    { ...faultScope, error: functionOption(), kind: oneOf(['failure', 'transient', 'throttled', 'ignored']) },
  );
  const { rate, error, kind } = resolved;
  const instead = (): MadeUp => ({ result: { ok: false, error: error() }, kind, retryAfterMs: undefined });
  return { kind: 'fault', rate, reaches: reaches(resolved), ...none, instead };
}

/**
 * Makes calls resolve to something else: the function is not run.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { chaos, outcome } from '@nines/resilience/chaos';
 *
 * const faults = [outcome({ rate: 1, value: () => new Response('', { status: 429 }), kind: 'throttled', retryAfterMs: 1_000 })];
 * const result = await pipeline('throttled', [chaos({ enabled: true, faults })]).executeOutcome(() => new Response('stock'));
 * console.log(result.kind, result.retryAfterMs); // throttled 1000
 * ```
 */
export function outcome(options: OutcomeOptions): Fault {
  const resolved = resolveOptions<Required<Omit<OutcomeOptions, 'retryAfterMs'>> & OutcomeOptions>(
    'outcome',
    options,
    { kind: 'success' },
    {
      ...faultScope,
      value: functionOption(),
      kind: oneOf(['success', 'failure', 'transient', 'throttled', 'ignored']),
      retryAfterMs: optional(wholeNumber(0, MAX_TIMER_MS)),
    },
  );
  const { rate, value, kind, retryAfterMs } = resolved;
  const instead = (): MadeUp => ({ result: { ok: true, value: value() }, kind, retryAfterMs });
  return { kind: 'outcome', rate, reaches: reaches(resolved), ...none, instead };
}

/**
 * Does something before the function runs, such as filling a cache or closing a pool. It is waited for, until the attempt is aborted.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { behaviour, chaos } from '@nines/resilience/chaos';
 *
 * const struck: number[] = [];
 * const faults = [behaviour({ rate: 1, run: (ctx) => struck.push(ctx.attempt) })];
 * console.log(await pipeline('odd', [chaos({ enabled: true, faults })]).execute(() => 42), struck); // 42 [ 1 ]
 * ```
 */
export function behaviour(options: BehaviourOptions): Fault {
  const resolved = resolveOptions<Required<BehaviourOptions>>('behaviour', options, {}, { ...faultScope, run: functionOption() });
  return { kind: 'behaviour', rate: resolved.rate, reaches: reaches(resolved), ...none, before: resolved.run };
}

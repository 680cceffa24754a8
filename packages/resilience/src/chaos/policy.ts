import {
  type BoundPolicy,
  checkOption,
  CRITICALITIES,
  type Criticality,
  functionOption,
  type Next,
  type OptionCheck,
  optional,
  type Outcome,
  type Policy,
  type PolicyContext,
  type PolicyHost,
  type PolicySnapshot,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';
import { seededRandom } from '../testing/random.ts';
import type { Fault, FaultKind, MadeUp } from './faults.ts';

/** One fault that struck. */
export interface Injection {
  readonly pipeline: string;
  readonly kind: FaultKind;
  readonly key: string | undefined;
  /** Which attempt was struck, from 1. */
  readonly attempt: number;
}

/** Options of {@link chaos}. */
export interface ChaosOptions {
  /** Nothing is ever injected unless this is true. A function is asked at each attempt, so that chaos can be switched while it runs. Default: false. */
  readonly enabled?: boolean | (() => boolean);
  /** What may strike, in this order: waits add up; the first that makes up a result ends the attempt. 1 to 100. */
  readonly faults: readonly Fault[];
  /** Asked when a fault is about to strike; anything but true stops it, an exception too: an error budget that is spent ends the experiment. Default: always true. */
  readonly allow?: () => boolean;
  /** Strikes only calls whose `key` passes. Default: all. */
  readonly key?: (key: string | undefined) => boolean;
  /** Strikes only calls of these criticalities. Default: all. */
  readonly criticality?: readonly Criticality[];
  /** Numbers of its own for this policy: the same calls are struck in each run. Default: the `random` of the pipeline. */
  readonly seed?: number;
  /** Hears of each fault that strikes. What it throws is swallowed. */
  readonly onInject?: (injection: Injection) => void;
}

type Resolved = ChaosOptions & Required<Pick<ChaosOptions, 'enabled'>>;

/** What a chaos policy tells in `snapshot()`. */
export interface ChaosSnapshot extends PolicySnapshot {
  /** How often each kind of fault struck. */
  readonly injected: Readonly<Record<FaultKind, number>>;
}

const onOff: OptionCheck = (value) => (typeof value === 'boolean' || typeof value === 'function' ? undefined : 'a boolean or a function');
const faultList: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= 100 &&
  value.every((one: Partial<Fault> | undefined) => typeof one?.rate === 'number')
    ? undefined
    : 'an array of 1 to 100 faults';
const levels: OptionCheck = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => (CRITICALITIES as readonly unknown[]).includes(one))
    ? undefined
    : `an array of ${CRITICALITIES.join(', ')}`;

/** True only when the function says so: a gate that breaks stays shut. */
function says(gate: (() => boolean) | undefined): boolean {
  try {
    return gate?.() ?? true;
  } catch {
    return false;
  }
}

/** Waits for what was begun, but no longer than the attempt lasts. Rejects with what it rejects with. */
async function whileRunning(ctx: PolicyContext, begun: unknown): Promise<void> {
  let off = (): void => {};
  const left = new Promise<void>((resolve) => {
    off = ctx.onAbort(() => resolve());
  });
  try {
    await Promise.race([begun, left]);
  } finally {
    off();
  }
}

class Chaos implements BoundPolicy {
  readonly #host: PolicyHost;
  readonly #options: Resolved;
  readonly #random: () => number;
  readonly #injected: Record<FaultKind, number> = { latency: 0, fault: 0, outcome: 0, behaviour: 0 };

  constructor(host: PolicyHost, options: Resolved) {
    this.#host = host;
    this.#options = options;
    this.#random = options.seed === undefined ? host.random : seededRandom(options.seed);
  }

  async run(ctx: PolicyContext, next: Next): Promise<Outcome<unknown>> {
    if (!this.#reaches(ctx)) return next(ctx);
    const startedAt = this.#host.clock.now();
    for (const fault of this.#drawn(ctx)) {
      if (!says(this.#options.allow)) break;
      this.#count(fault.kind, ctx);
      const { delayMs, before, instead } = fault;
      try {
        if (delayMs !== undefined) await ctx.sleep(delayMs(this.#random));
        if (before !== undefined) await whileRunning(ctx, before(ctx));
        const { aborted } = ctx;
        if (aborted !== undefined) {
          const kind = aborted.code === 'ABORTED' ? 'ignored' : 'transient';
          return this.#end(ctx, startedAt, { result: { ok: false, error: aborted }, kind, retryAfterMs: aborted.retryAfterMs });
        }
        if (instead !== undefined) return this.#end(ctx, startedAt, instead());
      } catch (error) {
        return this.#end(ctx, startedAt, { result: { ok: false, error }, kind: 'transient', retryAfterMs: undefined });
      }
    }
    return next(ctx);
  }

  snapshot(): ChaosSnapshot {
    return { injected: { ...this.#injected } };
  }

  #reaches(ctx: PolicyContext): boolean {
    const { enabled, key, criticality } = this.#options;
    if (enabled === false || (enabled !== true && !says(enabled))) return false;
    if (ctx.aborted !== undefined) return false;
    if (criticality !== undefined && !criticality.includes(ctx.criticality)) return false;
    return key === undefined || key(ctx.key);
  }

  /** One number for each fault, whether or not it is needed: what one fault does must not change whom the next strikes. */
  #drawn(ctx: PolicyContext): Fault[] {
    return this.#options.faults.filter(({ rate }) => this.#random() < rate).filter(({ key }) => key === undefined || key(ctx.key));
  }

  #count(kind: FaultKind, { key, attempt }: PolicyContext): void {
    this.#injected[kind] += 1;
    try {
      this.#options.onInject?.({ pipeline: this.#host.pipeline, kind, key, attempt });
    } catch {
      // A listener cannot fail a call.
    }
  }

  /** The attempt ends here, so it is told of here: the innermost stage does not see it. */
  #end(ctx: PolicyContext, startedAt: number, { result, kind, retryAfterMs }: MadeUp): Outcome<unknown> {
    const { pipeline, clock, observed, emit } = this.#host;
    const { attempt, hedge, key } = ctx;
    const durationMs = clock.now() - startedAt;
    const error = result.ok ? undefined : result.error;
    if (observed()) {
      const info = {
        pipeline,
        attempt,
        kind: hedge > 0 ? ('hedge' as const) : attempt === 1 ? ('first' as const) : ('retry' as const),
        key,
      };
      emit({ type: 'attempt', pipeline, info, kind, durationMs, error });
    }
    return { ...result, kind, attempts: [...ctx.attempts, { attempt, hedge, kind, error, durationMs }], retryAfterMs };
  }
}

/**
 * Injects faults into the attempts of a pipeline, to see what its policies do. Put it innermost: to everything outside, an
 * injected fault looks as if the dependency had done it; breakers, retries, observers and metrics count it. Off unless enabled.
 *
 * A struck attempt is in the `attempts` of its own outcome; those that a retry policy lists at the end are the ones in which
 * the function ran.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fixed, pipeline } from '@nines/resilience';
 * import { chaos, fault } from '@nines/resilience/chaos';
 * import { pRetry } from '@nines/resilience/p-retry';
 *
 * const reset = fault({ rate: 0.5, error: () => new Error('connection reset') });
 * const experiment = chaos({ enabled: true, faults: [reset], seed: 7 });
 * const inventory = pipeline('inventory', [pRetry({ maxAttempts: 20, backoff: fixed(1) }), experiment]);
 * console.log(await inventory.execute(() => 42)); // 42
 * ```
 */
export function chaos(options: ChaosOptions): Policy {
  const resolved = resolveOptions<Resolved>(
    'chaos',
    options,
    { enabled: false },
    {
      enabled: onOff,
      faults: faultList,
      allow: optional(functionOption()),
      key: optional(functionOption()),
      criticality: optional(levels),
      seed: optional(wholeNumber(0, 4_294_967_295)),
      onInject: optional(functionOption()),
    },
  );
  for (const one of resolved.faults)
    checkOption('chaos', 'faults', one.kind, (kind) => (typeof kind === 'string' ? undefined : 'an array of faults'));
  return { name: 'chaos', kind: 'custom', options: resolved, bind: (host) => new Chaos(host, resolved) };
}

import {
  type BoundPolicy,
  type CallContext,
  checkOption,
  type Criticality,
  type Done,
  functionOption,
  type OptionCheck,
  optional,
  type Policy,
  type PolicyContext,
  type PolicyHost,
  type PolicySnapshot,
  resolveOptions,
  type Step,
  wholeNumber,
} from '@nines/resilience';
import { seededRandom } from '../testing/random.ts';
import { type Fault, type FaultKind, type MadeUp, reaches, scope } from './faults.ts';

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
}

type Resolved = ChaosOptions & Required<Pick<ChaosOptions, 'enabled'>>;

const onOff: OptionCheck = (value) => (typeof value === 'boolean' || typeof value === 'function' ? undefined : 'a boolean or a function');
const faultList: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= 100 &&
  value.every((one: Partial<Fault> | undefined) => typeof one?.rate === 'number')
    ? undefined
    : 'an array of 1 to 100 faults';
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
  readonly #random: () => number;
  readonly #injected: Record<FaultKind, number> = { latency: 0, fault: 0, outcome: 0, behaviour: 0 };
  #options: Resolved;
  #reaches: (ctx: CallContext) => boolean;

  constructor(host: PolicyHost, options: Resolved) {
    this.#host = host;
    this.#random = options.seed === undefined ? host.random : seededRandom(options.seed);
    this.#options = options;
    this.#reaches = reaches(options);
  }

  reconfigure(policy: Policy): void {
    this.#options = policy.options as Resolved;
    this.#reaches = reaches(this.#options);
  }

  step(ctx: PolicyContext, next: Step, done: Done): void {
    const { enabled } = this.#options;
    const on = enabled === true || (enabled !== false && says(enabled));
    if (!on || ctx.aborted !== undefined || !this.#reaches(ctx)) next(ctx, done);
    else void this.#strike(ctx, this.#drawn(ctx), next, done);
  }

  async #strike(ctx: PolicyContext, faults: readonly Fault[], next: Step, done: Done): Promise<void> {
    const startedAt = ctx.now;
    const end = ({ result, kind, retryAfterMs }: MadeUp): void => done(ctx.record(result, { kind, retryAfterMs }, startedAt));
    for (const { kind, delayMs, before, instead } of faults) {
      if (!says(this.#options.allow)) break;
      this.#count(kind, ctx);
      try {
        if (delayMs !== undefined) await ctx.sleep(delayMs(this.#random));
        if (before !== undefined) await whileRunning(ctx, before(ctx));
        const { aborted: error } = ctx;
        if (error !== undefined) {
          const left = error.code === 'ABORTED' ? 'ignored' : 'transient';
          end({ result: { ok: false, error }, kind: left, retryAfterMs: error.retryAfterMs });
          return;
        }
        if (instead !== undefined) {
          end(instead());
          return;
        }
      } catch (error) {
        end({ result: { ok: false, error }, kind: 'transient', retryAfterMs: undefined });
        return;
      }
    }
    ctx.refresh();
    next(ctx, done);
  }

  snapshot(): PolicySnapshot {
    return { injected: { ...this.#injected } };
  }

  /** One number for each fault, whether or not it is needed: what one fault does must not change whom the next strikes. */
  #drawn(ctx: PolicyContext): Fault[] {
    return this.#options.faults.filter(({ rate }) => this.#random() < rate).filter((fault) => fault.reaches(ctx));
  }

  #count(kind: FaultKind, { key, attempt }: PolicyContext): void {
    const { pipeline, emit } = this.#host;
    this.#injected[kind] += 1;
    emit({ type: 'injection', pipeline, policy: 'chaos', kind, key, attempt });
  }
}

/**
 * Injects faults into the attempts of a pipeline, to see what its policies do. It stands innermost: to everything outside,
 * an injected fault looks as if the dependency had done it; breakers, retries, `attempts`, observers and metrics count it. Each
 * fault that strikes is an `injection` event too. Off unless enabled; then it costs nothing.
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
      ...scope,
      seed: optional(wholeNumber(0, 4_294_967_295)),
    },
  );
  for (const one of resolved.faults)
    checkOption('chaos', 'faults', one.kind, (kind) => (typeof kind === 'string' ? undefined : 'an array of faults'));
  return { name: 'chaos', kind: 'chaos', options: resolved, fixed: ['seed'], bind: (host) => new Chaos(host, resolved) };
}

import {
  type AttemptInfo,
  type BreakerState,
  checkOption,
  type Classify,
  classifyErrors,
  type Clock,
  functionOption,
  objectOption,
  type Observer,
  type OptionCheck,
  optional,
  type OutcomeKind,
  type PipelineEvent,
  type PolicySnapshot,
  type RawOutcome,
  type RejectionReason,
  ResilienceError,
  resolveOptions,
  systemClock,
} from '@nines/resilience';
import { EventStream } from './events.ts';

/*
 * Calls that another library runs, told as the events of a pipeline, so that metrics and spans need to know only one stream.
 *
 *   instrumentation ─ call() ─▶ WatchedCall ─ run, settle, refuse, end ─▶ EventStream ─▶ observers
 */

/** Options of `instrument`. Give `metrics`, `observer` or both. */
export interface InstrumentationOptions {
  /** Label `pipeline` of the metrics, and the first word of the spans; 1 to 100 characters. Keep the number of names small. */
  readonly name?: string;
  /** Where metrics go, such as `prometheus(registry)`. */
  readonly metrics?: Observer;
  /** Who else listens, such as `tracing()`. */
  readonly observer?: Observer | readonly Observer[];
  /** Judges what the function did, for the label `outcome` alone: it changes nothing else. Default: `classifyErrors`. */
  readonly classify?: Classify;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
}

type Resolved = Required<Pick<InstrumentationOptions, 'name' | 'classify' | 'clock'>> &
  Pick<InstrumentationOptions, 'metrics' | 'observer'>;

const defaults: Readonly<Partial<Resolved>> = Object.freeze({ classify: classifyErrors, clock: systemClock });

const nameOption: OptionCheck = (name) =>
  typeof name === 'string' && name.length > 0 && name.length <= 100 ? undefined : 'a string of 1 to 100 characters';

/** What is watched as it is now, for gauges. */
export type StateOf = () => Readonly<Record<BreakerState, number>> | undefined;

/** The one event stream of what is watched. */
export class Instrumentation {
  readonly name: string;
  readonly clock: Clock;
  readonly events: EventStream = new EventStream();
  readonly #classify: Classify;

  /**
   * @param owner - whose options these are; it begins the message.
   * @throws ResilienceError `INVALID_OPTION`
   */
  constructor(owner: string, policy: string, options: InstrumentationOptions, state: StateOf) {
    const { name, classify, clock, metrics, observer } = resolveOptions<Resolved>(owner, options, defaults, {
      name: nameOption,
      metrics: optional(objectOption()),
      observer: optional(objectOption()),
      classify: functionOption(),
      clock: objectOption(),
    });
    const observers = [metrics, observer].flat().filter((one) => one !== undefined);
    if (observers.length === 0) throw new ResilienceError('INVALID_OPTION', `${owner}: give metrics, observer or both`);
    this.name = name;
    this.clock = clock;
    this.#classify = classify;
    const policies = (): readonly ({ readonly name: string } & PolicySnapshot)[] => {
      const breakers = state();
      return [breakers === undefined ? { name: policy } : { name: policy, breakers }];
    };
    const breakerState = (): BreakerState | undefined =>
      (Object.entries(state() ?? {}) as [BreakerState, number][]).find(([, breakers]) => breakers > 0)?.[0];
    for (const one of observers) this.events.add(one, { name, breakerState, policies });
  }

  /** A classifier that throws must not break the calls that it only describes. */
  judge(raw: RawOutcome): OutcomeKind {
    try {
      const judged = this.#classify(raw, this.clock);
      return typeof judged === 'string' ? judged : judged.kind;
    } catch {
      return raw.ok ? 'success' : 'transient';
    }
  }
}

/** One call, with its attempts one after the other. */
export class WatchedCall {
  ended = false;
  readonly #of: Instrumentation;
  readonly #startedAt: number;
  #running: { readonly info: AttemptInfo; readonly startedAt: number } | undefined;
  #attempts = 0;
  #last: { readonly kind: OutcomeKind; readonly at: number } | undefined;

  constructor(of: Instrumentation) {
    this.#of = of;
    this.#startedAt = of.clock.now();
  }

  /** How the last attempt was judged; undefined before one has ended. */
  get lastKind(): OutcomeKind | undefined {
    return this.#last?.kind;
  }

  /** Runs the function as the next attempt, inside what observers put around it. */
  run<T>(policy: string, run: () => T): T {
    const { name: pipeline, clock, events } = this.#of;
    const startedAt = clock.now();
    const attempt = (this.#attempts += 1);
    if (this.#last !== undefined) {
      const { kind, at } = this.#last;
      this.#emit({ type: 'retry', pipeline, policy, attempt, delayMs: startedAt - at, kind });
    }
    const info: AttemptInfo = { pipeline, attempt, kind: attempt === 1 ? 'first' : 'retry', key: undefined };
    this.#running = { info, startedAt };
    return events.around(info, run);
  }

  /** Ends the attempt that runs, if one does. */
  settle(raw: RawOutcome, kind: OutcomeKind): void {
    if (this.#running === undefined || this.ended) return;
    const { info, startedAt } = this.#running;
    this.#running = undefined;
    const at = this.#of.clock.now();
    this.#last = { kind, at };
    const error = raw.ok ? undefined : raw.error;
    this.#emit({ type: 'attempt', pipeline: info.pipeline, info, kind, durationMs: at - startedAt, error });
  }

  /** The library refused the call before it reached the dependency. */
  refuse(policy: string, reason: RejectionReason): void {
    this.#emit({ type: 'rejection', pipeline: this.#of.name, policy, reason, key: undefined, retryAfterMs: undefined });
    this.end('rejected');
  }

  end(kind: OutcomeKind): void {
    if (this.ended) return;
    this.ended = true;
    const durationMs = this.#of.clock.now() - this.#startedAt;
    this.#emit({ type: 'call', pipeline: this.#of.name, key: undefined, kind, durationMs, attempts: this.#attempts });
  }

  #emit(event: PipelineEvent): void {
    if (this.#of.events.active) this.#of.events.emit(event);
  }
}

/** Refuses what cannot be instrumented. */
export function checkInstrumented(what: string, value: unknown, fits: (value: never) => boolean, words: string): void {
  checkOption('instrument', what, value, (given) => (fits(given as never) ? undefined : words));
}

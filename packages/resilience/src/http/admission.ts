import {
  type Clock,
  CRITICALITIES,
  type Criticality,
  functionOption,
  MAX_TIMER_MS,
  objectOption,
  oneOf,
  optional,
  resolveOptions,
  systemClock,
  wholeNumber,
} from '@nines/resilience';
import { resolveShedFrom, SHED_FROM, type ShedFrom, sheds } from '../shedding.ts';
import { CRITICALITY_HEADER, DEADLINE_HEADER, parseCriticality, parseTimeout, type RequestHeaders } from './headers.ts';
import { LoopDelay } from './loop-delay.ts';
import { type RequestContext, ServedRequest } from './request.ts';

/** Options of {@link admission}. */
export interface AdmissionOptions {
  /** Requests served at the same time, from 1. Take what the process serves well, not what it survives. */
  readonly maxInFlight: number;
  /** How late timers may run before all is shed. Milliseconds, default: 200. */
  readonly maxEventLoopDelayMs?: number;
  /**
   * The load from which requests of a criticality are shed, 0 to 1, where load is the greater of requests in flight to
   * `maxInFlight` and delay to `maxEventLoopDelayMs`. Default: critical+ 1, critical 0.9, sheddable+ 0.7, sheddable 0.5.
   */
  readonly shedFrom?: Readonly<Partial<Record<Criticality, number>>>;
  /** Criticality of a request that names none. Default: critical. */
  readonly defaultCriticality?: Criticality;
  /** Time a request has when its client names none. Milliseconds; default: no limit. */
  readonly defaultDeadlineMs?: number;
  /** Longest time a client may name. Milliseconds, default: 3 600 000. */
  readonly maxDeadlineMs?: number;
  /** Whether the headers of deadline and criticality are believed; say no for clients who are not yours, or each of them is critical. Default: always. */
  readonly trust?: (headers: RequestHeaders) => boolean;
  /** What a client that was shed is asked to wait at least, in seconds; up to as much again is added in turn, so that they do not come back together. Default: 1. */
  readonly retryAfterSeconds?: number;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
}

/** A request that may be served. Call `end` when it is over. */
export interface Admitted {
  readonly admitted: true;
  readonly request: RequestContext;
  /**
   * The request is over; a second call changes nothing.
   *
   * @param answered - false when the client left before it was answered: `request.signal` aborts.
   */
  end(answered: boolean): void;
}

/** A request that may not be served. */
export interface Refused {
  readonly admitted: false;
  readonly criticality: Criticality;
  /** `deadline`: it had no time left when it came. */
  readonly reason: 'in_flight' | 'event_loop' | 'deadline';
  /** 503, or 504 when it had no time left. */
  readonly status: 503 | 504;
  /** What to send as `Retry-After`; undefined with 504. */
  readonly retryAfterSeconds: number | undefined;
}

/** What an admission counted. */
export interface AdmissionSnapshot {
  readonly inFlight: number;
  readonly eventLoopDelayMs: number;
  /** Requests admitted, by criticality. */
  readonly admitted: Readonly<Record<Criticality, number>>;
  /** Requests shed, by criticality. */
  readonly shed: Readonly<Record<Criticality, number>>;
  /** Requests that had no time left when they came. */
  readonly expired: number;
}

type Resolved = Required<Omit<AdmissionOptions, 'defaultDeadlineMs' | 'shedFrom'>> & {
  readonly defaultDeadlineMs?: number;
  readonly shedFrom: ShedFrom;
};

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  maxEventLoopDelayMs: 200,
  defaultCriticality: 'critical',
  maxDeadlineMs: 3_600_000,
  trust: () => true,
  retryAfterSeconds: 1,
  clock: systemClock,
});

/** Options of the gate itself, resolved. */
export function resolveAdmission(options: AdmissionOptions): Resolved {
  const resolved = resolveOptions<Resolved>(
    'admission',
    options,
    { ...defaults, shedFrom: SHED_FROM },
    {
      maxInFlight: wholeNumber(1, 1_000_000),
      maxEventLoopDelayMs: wholeNumber(1, 60_000),
      shedFrom: objectOption(),
      defaultCriticality: oneOf(CRITICALITIES),
      defaultDeadlineMs: optional(wholeNumber(1, MAX_TIMER_MS)),
      maxDeadlineMs: wholeNumber(1, MAX_TIMER_MS),
      trust: functionOption(),
      retryAfterSeconds: wholeNumber(0, 86_400),
      clock: objectOption(),
    },
  );
  return { ...resolved, shedFrom: resolveShedFrom('admission', resolved.shedFrom) };
}

const zero = (): Record<Criticality, number> => ({ 'critical+': 0, critical: 0, 'sheddable+': 0, sheddable: 0 });

/** Decides which requests are served; knows nothing of HTTP but its headers. */
export class Gate {
  readonly #options: Resolved;
  readonly #delay: LoopDelay;
  readonly #admitted = zero();
  readonly #shed = zero();
  #refused = 0;
  #expired = 0;
  #inFlight = 0;

  constructor(options: Resolved) {
    this.#options = options;
    this.#delay = new LoopDelay(options.clock);
  }

  admit(headers: RequestHeaders): Admitted | Refused {
    const { clock, defaultCriticality, defaultDeadlineMs, maxDeadlineMs, maxInFlight, maxEventLoopDelayMs, shedFrom } = this.#options;
    const trusted = this.#trusts(headers);
    const criticality = (trusted ? parseCriticality(headers[CRITICALITY_HEADER]) : undefined) ?? defaultCriticality;
    const named = trusted ? parseTimeout(headers[DEADLINE_HEADER]) : undefined;
    const deadlineMs = named === undefined ? defaultDeadlineMs : Math.min(named, maxDeadlineMs);
    if (deadlineMs !== undefined && deadlineMs <= 0) {
      this.#expired += 1;
      return { admitted: false, criticality, reason: 'deadline', status: 504, retryAfterSeconds: undefined };
    }
    if (sheds(shedFrom, criticality, this.#inFlight / maxInFlight)) return this.#refuse(criticality, 'in_flight');
    if (sheds(shedFrom, criticality, this.#delay.ms / maxEventLoopDelayMs)) return this.#refuse(criticality, 'event_loop');
    this.#inFlight += 1;
    this.#admitted[criticality] += 1;
    this.#delay.start();
    return this.#serve(new ServedRequest(clock, criticality, deadlineMs));
  }

  snapshot(): AdmissionSnapshot {
    const { ms: eventLoopDelayMs } = this.#delay;
    return { inFlight: this.#inFlight, eventLoopDelayMs, admitted: { ...this.#admitted }, shed: { ...this.#shed }, expired: this.#expired };
  }

  #serve(request: ServedRequest): Admitted {
    let over = false;
    const end = (answered: boolean): void => {
      if (over) return;
      over = true;
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#delay.stop();
      request.end(answered);
    };
    return { admitted: true, request, end };
  }

  #refuse(criticality: Criticality, reason: 'in_flight' | 'event_loop'): Refused {
    const { retryAfterSeconds } = this.#options;
    this.#shed[criticality] += 1;
    const spread = retryAfterSeconds + (this.#refused++ % (retryAfterSeconds + 1));
    return { admitted: false, criticality, reason, status: 503, retryAfterSeconds: spread };
  }

  /** Doubt is no trust. */
  #trusts(headers: RequestHeaders): boolean {
    try {
      return this.#options.trust(headers);
    } catch {
      return false;
    }
  }
}

import { describe, expect, test } from 'vitest';
import { seededRandom } from '@nines/resilience/testing';
import { exponential } from './backoff.ts';
import { Breaker, type BreakerSettings, type BreakerWindow, type Ticket } from './breaker.ts';
import { ConsecutiveWindow, CountWindow, TimeWindow, type TripRule } from './breaker-window.ts';
import type { Clock } from './clock.ts';
import { newSeed } from '../test/calls.ts';

/*
 * The breaker against a model written from its documentation alone: lists of calls and times, no ring, no running sums,
 * no timers. Every step is compared: whether the call may go, why not, for how long, and the state.
 */

const settings: BreakerSettings = {
  open: exponential({ baseMs: 200, maxMs: 1_000, jitter: 'none' }),
  permits: 3,
  probeFailureRate: 0.34,
  probeTimeoutMs: 150,
  slowCallMs: 80,
  slowCallRate: 0.75,
  metricsOnly: false,
};
const rule: TripRule = { minimumCalls: 5, failureRate: 0.5, slowCallRate: 0.75 };

interface Ended {
  readonly at: number;
  readonly ok: boolean;
  readonly slow: boolean;
}

const share = (calls: readonly Ended[], which: (call: Ended) => boolean): number => calls.filter(which).length / calls.length;
const tripped = (calls: readonly Ended[]): boolean =>
  calls.length >= rule.minimumCalls &&
  (share(calls, (call) => !call.ok) >= rule.failureRate || share(calls, (call) => call.slow) >= rule.slowCallRate);

/** Each window with what its documentation says of the calls so far; `kept` throws away what can never count again. */
const windows: readonly {
  readonly name: string;
  readonly create: () => BreakerWindow;
  readonly kept: (calls: readonly Ended[], now: number) => readonly Ended[];
  readonly trips: (calls: readonly Ended[]) => boolean;
}[] = [
  {
    name: 'time',
    create: () => new TimeWindow(1_000, 10, rule),
    kept: (calls, now) => calls.filter((call) => Math.floor(call.at / 100) > Math.floor(now / 100) - 10),
    trips: tripped,
  },
  { name: 'count', create: () => new CountWindow(12, rule), kept: (calls) => calls.slice(-12), trips: tripped },
  {
    name: 'consecutive',
    create: () => new ConsecutiveWindow(4),
    kept: (calls) => calls.slice(-4),
    trips: (calls) => calls.length === 4 && calls.every((call) => !call.ok),
  },
];

interface ModelCall {
  readonly epoch: number;
  readonly startedAt: number;
}

class Model {
  state: 'closed' | 'open' | 'half_open' | 'isolated' = 'closed';
  readonly #window: (typeof windows)[number];
  #epoch = 0;
  #ended: readonly Ended[] = [];
  #openUntil = 0;
  #rounds = 0;
  #probes: ModelCall[] = [];
  #probed: Ended[] = [];

  constructor(window: (typeof windows)[number]) {
    this.#window = window;
  }

  /** What time alone changes: probes that hang, one after the other. */
  pass(now: number): void {
    for (;;) {
      const [first] = this.#probes;
      if (first === undefined || first.startedAt + settings.probeTimeoutMs > now) return;
      this.#probes = this.#probes.slice(1);
      const at = first.startedAt + settings.probeTimeoutMs;
      this.#probe({ at, ok: false, slow: true });
    }
  }

  start(now: number): ModelCall | string {
    const call = { epoch: this.#epoch, startedAt: now };
    if (this.state === 'closed') return call;
    if (this.state === 'isolated') return 'isolated undefined';
    if (this.state === 'open') {
      if (now < this.#openUntil) return `open ${this.#openUntil - now}`;
      this.#enter('half_open');
    }
    if (this.#probes.length + this.#probed.length === settings.permits) return 'half_open undefined';
    const probe = { epoch: this.#epoch, startedAt: now };
    this.#probes.push(probe);
    return probe;
  }

  end(call: ModelCall, kind: 'success' | 'transient' | 'ignored', now: number): void {
    if (call.epoch !== this.#epoch) return;
    const slow = now - call.startedAt >= settings.slowCallMs;
    if (this.state === 'half_open') {
      if (!this.#probes.includes(call)) return;
      this.#probes = this.#probes.filter((probe) => probe !== call);
      if (kind !== 'ignored') this.#probe({ at: now, ok: kind === 'success', slow });
      return;
    }
    if (kind === 'ignored' || this.state !== 'closed') return;
    this.#ended = this.#window.kept([...this.#ended, { at: now, ok: kind === 'success', slow }], now);
    if (this.#window.trips(this.#ended)) this.#open(now);
  }

  isolate(): void {
    if (this.state !== 'isolated') this.#enter('isolated');
  }

  close(): void {
    this.#rounds = 0;
    this.#ended = [];
    if (this.state !== 'closed') this.#enter('closed');
  }

  #probe(ended: Ended): void {
    this.#probed.push(ended);
    const failed = this.#probed.filter((probe) => !probe.ok).length;
    const slow = this.#probed.filter((probe) => probe.slow).length;
    if (failed / settings.permits >= settings.probeFailureRate || slow / settings.permits >= settings.slowCallRate) this.#open(ended.at);
    else if (this.#probed.length === settings.permits) this.close();
  }

  #open(at: number): void {
    this.#rounds += 1;
    this.#openUntil = at + Math.min(1_000, 200 * 2 ** (this.#rounds - 1));
    this.#enter('open');
  }

  #enter(state: Model['state']): void {
    this.state = state;
    this.#epoch += 1;
    this.#probes = [];
    this.#probed = [];
  }
}

/** Time for a million steps: timers in the order they were made, which is the order they are due, for all wait as long. */
class StepClock implements Clock {
  #now = 0;
  #timers: { at: number; run: (() => void) | undefined }[] = [];
  readonly now = (): number => this.#now;
  readonly epochMs = (): number => this.#now;
  readonly schedule = (run: () => void, ms: number): (() => void) => {
    const timer: { at: number; run: (() => void) | undefined } = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => (timer.run = undefined);
  };

  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#timers[0] !== undefined && this.#timers[0].at <= end) {
      const timer = this.#timers.shift();
      this.#now = timer?.at ?? end;
      timer?.run?.();
    }
    this.#now = end;
  }
}

function compare(window: (typeof windows)[number], steps: number, seed: number) {
  const random = seededRandom(seed);
  const clock = new StepClock();
  const model = new Model(window);
  const breaker = new Breaker({ settings, clock, random, changed() {} }, undefined, window.create());
  const running: { readonly modelled: ModelCall; readonly ticket: Ticket }[] = [];
  const divergences: string[] = [];
  const seen = { closed: 0, open: 0, half_open: 0, isolated: 0 };
  let sick = 0.2;
  for (let step = 0; step < steps && divergences.length < 10; step++) {
    const dice = random();
    if (dice < 0.45) {
      const modelled = model.start(clock.now());
      const admitted = breaker.admit(clock.now());
      const said = 'reason' in admitted ? `${admitted.reason} ${admitted.retryAfterMs}` : 'admitted';
      const wanted = typeof modelled === 'string' ? modelled : 'admitted';
      if (said !== wanted) divergences.push(`step ${step}: ${said}, should be ${wanted}`);
      if (!('reason' in admitted) && typeof modelled !== 'string') running.push({ modelled, ticket: admitted });
    } else if (dice < 0.88 && running.length > 0) {
      const [call] = running.splice(Math.floor(random() * running.length), 1);
      if (call === undefined) continue;
      const fate = random();
      const kind = fate < sick ? 'transient' : fate < sick + 0.1 ? 'ignored' : 'success';
      breaker.settle(call.ticket, kind, clock.now() - call.modelled.startedAt, clock.now());
      model.end(call.modelled, kind, clock.now());
    } else if (dice < 0.998) {
      clock.advance(Math.floor(random() * 60));
      model.pass(clock.now());
    } else if (random() < 0.3) {
      model.isolate();
      breaker.isolate();
    } else {
      model.close();
      breaker.close(clock.now());
      sick = random() * 0.7;
    }
    if (breaker.state !== model.state) divergences.push(`step ${step}: is ${breaker.state}, should be ${model.state}`);
    seen[model.state] += 1;
  }
  return { divergences, seen };
}

describe.each(windows)('a breaker with a $name window', (window) => {
  test('does what its documentation says over a third of a million random steps', () => {
    const seed = newSeed();
    const { divergences, seen } = compare(window, 333_334, seed);
    console.log(
      `breaker model, ${window.name} window: seed ${seed}, 333,334 steps, ${divergences.length} divergences, states ${JSON.stringify(seen)}`,
    );
    expect({ seed, divergences }).toEqual({ seed, divergences: [] });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(1_000);
  });
});

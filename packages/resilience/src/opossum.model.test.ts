import { expect, test } from 'vitest';
import { classifyErrors, type OutcomeKind, pipeline } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { FakeClock, seededRandom } from '@nines/resilience/testing';
import { flush, newSeed } from '../test/calls.ts';

/*
 * The policy against a model written from its documentation alone: no opossum, no timers, only lists and times.
 */

const settings = {
  failureRateThreshold: 0.5,
  minimumCalls: 4,
  windowMs: 1_000,
  windowBuckets: 10,
  openMs: 300,
  probes: 2,
  probeTimeoutMs: 200,
};

interface ModelCall {
  readonly epoch: number;
  readonly startedAt: number;
}

class Model {
  state: 'closed' | 'open' | 'half_open' = 'closed';
  #epoch = 0;
  #ended: { readonly bucket: number; readonly ok: boolean }[] = [];
  #openedAt = 0;
  #probes: ModelCall[] = [];
  #succeeded = 0;

  /** What time alone changes: a probe that hangs. */
  pass(now: number): void {
    const hung = this.#probes.map((probe) => probe.startedAt + settings.probeTimeoutMs).sort((a, b) => a - b)[0];
    if (this.state === 'half_open' && hung !== undefined && hung <= now) this.#enter('open', hung);
  }

  start(now: number): ModelCall | undefined {
    if (this.state === 'open' && now >= this.#openedAt + settings.openMs) this.#enter('half_open', now);
    const call = { epoch: this.#epoch, startedAt: now };
    if (this.state === 'closed') return call;
    if (this.state === 'open' || this.#probes.length + this.#succeeded >= settings.probes) return undefined;
    this.#probes.push(call);
    return call;
  }

  end(call: ModelCall, kind: OutcomeKind, now: number): void {
    if (call.epoch !== this.#epoch) return;
    this.#probes = this.#probes.filter((probe) => probe !== call);
    if (kind === 'ignored') return;
    const ok = kind === 'success';
    if (this.state === 'half_open') {
      this.#succeeded += ok ? 1 : 0;
      if (!ok) this.#enter('open', now);
      else if (this.#succeeded === settings.probes) this.#enter('closed', now);
      return;
    }
    const bucket = Math.floor((now * settings.windowBuckets) / settings.windowMs);
    this.#ended = [...this.#ended.filter((one) => one.bucket > bucket - settings.windowBuckets), { bucket, ok }];
    const failed = this.#ended.filter((one) => !one.ok).length;
    const enough = this.#ended.length >= settings.minimumCalls && failed / this.#ended.length >= settings.failureRateThreshold;
    if (!ok && enough) this.#enter('open', now);
  }

  #enter(state: Model['state'], now: number): void {
    this.state = state;
    this.#epoch += 1;
    this.#probes = [];
    this.#succeeded = 0;
    this.#ended = [];
    if (state === 'open') this.#openedAt = now;
  }
}

test('does what its documentation says over 6,000 random steps', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const model = new Model();
  const p = pipeline('p', [opossum(settings)], {
    clock,
    classify: (outcome, at) => (outcome.ok && outcome.value === 'skip' ? 'ignored' : classifyErrors(outcome, at)),
  });
  const running: { readonly modelled: ModelCall; readonly work: PromiseWithResolvers<string>; readonly ended: Promise<unknown> }[] = [];
  const divergences: string[] = [];
  const seen = { closed: 0, open: 0, half_open: 0, refused: 0 };
  for (let step = 0; step < 6_000; step++) {
    const dice = random();
    if (dice < 0.45) {
      const work = Promise.withResolvers<string>();
      const modelled = model.start(clock.now());
      let started = false;
      const ended = p.executeOutcome(() => {
        started = true;
        return work.promise;
      });
      await flush();
      if (started !== (modelled !== undefined)) divergences.push(`step ${step}: ${started ? 'ran' : 'refused'}`);
      if (modelled === undefined) seen.refused += 1;
      else running.push({ modelled, work, ended });
    } else if (dice < 0.85 && running.length > 0) {
      const [call] = running.splice(Math.floor(random() * running.length), 1);
      if (call === undefined) continue;
      const fate = random();
      if (fate < 0.35) call.work.reject(new Error('down'));
      else call.work.resolve(fate < 0.45 ? 'skip' : 'ok');
      await call.ended;
      model.end(call.modelled, fate < 0.35 ? 'transient' : fate < 0.45 ? 'ignored' : 'success', clock.now());
    } else {
      await clock.advance(Math.floor(random() * 150));
      model.pass(clock.now());
    }
    if (p.snapshot().policies[0]?.breakers?.[model.state] !== 1) divergences.push(`step ${step}: should be ${model.state}`);
    seen[model.state] += 1;
  }
  expect({ seed, divergences }).toEqual({ seed, divergences: [] });
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

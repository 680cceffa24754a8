import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { type Classification, fixed, type Outcome, pipeline, type PipelineEvent, timeout } from '@nines/resilience';
import { tracing } from '@nines/resilience/otel';
import { prometheus } from '@nines/resilience/prometheus';
import { FakeClock } from '@nines/resilience/testing';
import { down, errorOf, never, state, up } from './calls.ts';
import type { Engine } from './engines.ts';
import { recorder } from './tracer.ts';

/** An event in a few words. */
function line(event: PipelineEvent): string {
  const { type } = event;
  if (event.type === 'call') return `call ${event.kind} after ${event.attempts}`;
  if (event.type === 'attempt') return `attempt ${event.info.attempt} ${event.info.kind} ${event.kind}`;
  if (event.type === 'rejection') return `rejection ${event.policy} ${event.reason}`;
  if (event.type === 'retry') return `retry ${event.policy} ${event.attempt} in ${event.delayMs}`;
  if (event.type === 'transition') return `${event.policy} ${event.from} → ${event.to}`;
  return type;
}

/** What every outcome means to a retry and a breaker, and what is told of it, whoever made them. */
export function telemetrySuite({ name, retryName, breakerName, retry, breaker }: Engine): void {
  /** A retry around a breaker, with everything that it tells. */
  function told(classify?: () => Classification) {
    const clock = new FakeClock();
    const registry = new Registry();
    const { tracer, spans } = recorder();
    const events: PipelineEvent[] = [];
    const p = pipeline(
      'p',
      [retry({ maxAttempts: 2, backoff: fixed(10) }), breaker({ minimumCalls: 3, openMs: 1_000 }), timeout({ attemptMs: 50 })],
      {
        clock,
        metrics: prometheus(registry),
        observer: [tracing({ tracer }), { event: (event) => void events.push(event) }],
        ...(classify && { classify }),
      },
    );
    /** What has been counted, in the order of the alphabet; a series at 0 says that nothing was. */
    const metrics = async (name: string): Promise<string[]> =>
      (await registry.metrics())
        .split('\n')
        .filter((sample) => sample.startsWith(name) && !sample.endsWith(' 0'))
        .toSorted();
    return { p, clock, events, spans, metrics };
  }

  describe(`classification on ${name}`, () => {
    test.each<[Classification, number, string]>([
      ['success', 1, 'closed'],
      ['failure', 1, 'open'],
      ['transient', 2, 'open'],
      ['throttled', 2, 'closed'],
      ['ignored', 1, 'closed'],
    ])('%s: %d attempts of 2, and after many calls the breaker is %s', async (kind, attempts, ends) => {
      for (const run of [down, up]) {
        const { p, clock } = told(() => kind);
        const outcomes: Outcome<unknown>[] = [];
        for (let i = 0; i < 10; i++) {
          const call = p.executeOutcome(run);
          await clock.advance(10);
          outcomes.push(await call);
        }
        expect(outcomes[0]).toMatchObject({ kind, ok: run === up, attempts: { length: attempts } });
        expect(state(p)).toBe(ends);
      }
    });

    test('an abort is ignored, whatever the classifier would say: not retried, not counted, in an attempt and in a wait', async () => {
      const { p, clock, events } = told(() => 'transient');
      for (const [run, after] of [
        [never, 5],
        [down, 5],
      ] as const) {
        const caller = new AbortController();
        const call = p.executeOutcome(run, { signal: caller.signal });
        await clock.advance(after);
        caller.abort();
        const outcome = await call;
        expect([outcome.kind, errorOf(outcome)?.code, outcome.attempts.length, clock.pending]).toEqual(['ignored', 'ABORTED', 1, 0]);
      }
      expect(events.map(line)).toEqual([
        'attempt 1 first ignored',
        'call ignored after 1',
        'attempt 1 first transient',
        `retry ${retryName} 2 in 10`,
        'call ignored after 1',
      ]);
      expect(state(p)).toBe('closed');
    });
  });

  describe(`events, metrics and spans of ${name}`, () => {
    /** Fails until the breaker opens, is refused, times out as a probe, and comes back. */
    async function life() {
      const all = told();
      const { p, clock } = all;
      const call = async (run: () => unknown, ms: number): Promise<void> => {
        const outcome = p.executeOutcome(run, { key: 'secret-key' });
        await clock.advance(ms);
        await outcome;
      };
      await call(down, 10);
      await call(down, 10);
      await call(up, 990);
      await call(never, 60);
      await call(up, 1_000);
      await call(up, 0);
      return all;
    }

    test('tell of each step in order', async () => {
      const { events } = await life();
      expect(events.map(line)).toEqual([
        'attempt 1 first transient',
        `retry ${retryName} 2 in 10`,
        'attempt 2 retry transient',
        'call transient after 2',
        'attempt 1 first transient',
        `${breakerName} closed → open`,
        `retry ${retryName} 2 in 10`,
        `rejection ${breakerName} open`,
        'call rejected after 1',
        `rejection ${breakerName} open`,
        'call rejected after 0',
        `${breakerName} open → half_open`,
        'attempt 1 first transient',
        `${breakerName} half_open → open`,
        `retry ${retryName} 2 in 10`,
        `rejection ${breakerName} open`,
        'call rejected after 1',
        `rejection ${breakerName} open`,
        'call rejected after 0',
        `${breakerName} open → half_open`,
        'attempt 1 first success',
        `${breakerName} half_open → closed`,
        'call success after 1',
      ]);
      expect(new Set(events.map((event) => event.pipeline))).toEqual(new Set(['p']));
    });

    test('count the same on the registry, without the key', async () => {
      const { metrics } = await life();
      expect(await metrics('resilience_calls_total')).toEqual([
        'resilience_calls_total{pipeline="p",outcome="rejected"} 4',
        'resilience_calls_total{pipeline="p",outcome="success"} 1',
        'resilience_calls_total{pipeline="p",outcome="transient"} 1',
      ]);
      expect(await metrics('resilience_attempts_total')).toEqual([
        'resilience_attempts_total{pipeline="p",kind="first",outcome="success"} 1',
        'resilience_attempts_total{pipeline="p",kind="first",outcome="transient"} 3',
        'resilience_attempts_total{pipeline="p",kind="retry",outcome="transient"} 1',
      ]);
      expect(await metrics('resilience_rejections_total')).toEqual([
        `resilience_rejections_total{pipeline="p",policy="${breakerName}",reason="open"} 4`,
      ]);
      expect(await metrics('resilience_circuit_breaker_transitions_total')).toEqual([
        'resilience_circuit_breaker_transitions_total{pipeline="p",from="closed",to="open"} 1',
        'resilience_circuit_breaker_transitions_total{pipeline="p",from="half_open",to="closed"} 1',
        'resilience_circuit_breaker_transitions_total{pipeline="p",from="half_open",to="open"} 1',
        'resilience_circuit_breaker_transitions_total{pipeline="p",from="open",to="half_open"} 2',
      ]);
      expect(await metrics('resilience_circuit_breakers{')).toEqual(['resilience_circuit_breakers{pipeline="p",state="closed"} 1']);
      expect(await metrics('resilience_call_duration_seconds_count')).toEqual(['resilience_call_duration_seconds_count{pipeline="p"} 6']);
      expect((await metrics('')).join('\n')).not.toContain('secret');
    });

    test('make one span for each attempt, ended once', async () => {
      const { spans, p } = await life();
      expect(
        spans.map((span) => [span.name, span.ended, span.attributes['resilience.attempt.kind'], span.attributes['error.type']]),
      ).toEqual([
        ['p attempt', 1, 'first', 'Error'],
        ['p attempt', 1, 'retry', 'Error'],
        ['p attempt', 1, 'first', 'Error'],
        ['p attempt', 1, 'first', 'TIMEOUT'],
        ['p attempt', 1, 'first', undefined],
      ]);
      expect(p.snapshot().observerErrors).toBe(0);
    });

    test('nothing is built or told when nobody listens, and nothing after the last has stopped', async () => {
      const seen: string[] = [];
      const p = pipeline('p', [retry({ maxAttempts: 2, backoff: fixed(0) }), breaker({ minimumCalls: 1 })]);
      const stop = p.subscribe((event) => seen.push(line(event)));
      stop();
      await p.executeOutcome(down);
      expect(seen).toEqual([]);
    });
  });
}

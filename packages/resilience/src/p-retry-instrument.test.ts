import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import pRetryPlain, { AbortError, type Options } from 'p-retry';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { http, type PipelineEvent } from '@nines/resilience';
import { tracing } from '@nines/resilience/otel';
import { instrument, type PRetryInstrumentationOptions } from '@nines/resilience/p-retry';
import { prometheus } from '@nines/resilience/prometheus';
import { FakeClock } from '@nines/resilience/testing';
import { recorder, TestContextManager } from '../test/tracer.ts';
import { unhandledRejections } from '../test/unhandled.ts';

const unhandled = unhandledRejections();
beforeAll(() => {
  context.setGlobalContextManager(new TestContextManager());
});
afterAll(() => {
  context.disable();
});

/** p-retry as a program has it, instrumented, with what was told in one line each. */
function watched(more: Partial<PRetryInstrumentationOptions> = {}) {
  const events: PipelineEvent[] = [];
  const pRetry = instrument(pRetryPlain, { name: 'inventory', observer: { event: (event) => void events.push(event) }, ...more });
  const told = () => events.map((event) => ('kind' in event ? `${event.type} ${event.kind}` : event.type));
  return { pRetry, events, told };
}

const quick: Options = { retries: 2, minTimeout: 0 };
const down = (): never => {
  throw new Error('down');
};

test('existing calls of p-retry get spans and metrics when the function is wrapped once', async () => {
  const { tracer, spans } = recorder();
  const registry = new Registry();

  const pRetry = instrument(pRetryPlain, { name: 'inventory', metrics: prometheus(registry), observer: tracing({ tracer }) });

  // The program as it was.
  const job = tracer.startSpan('job');
  const answer = await context.with(trace.setSpan(context.active(), job), () =>
    pRetry(
      async (attempt) => {
        await Promise.resolve();
        tracer.startSpan(`GET ${attempt}`).end();
        if (attempt < 3) throw new RangeError('https://user:secret@host');
        return attempt;
      },
      { retries: 3, minTimeout: 1 },
    ),
  );
  expect(answer).toBe(3);
  await expect(pRetry(down, quick)).rejects.toThrow('down');

  expect(spans.slice(0, 7).map((span) => [span.name, span.parent, span.ended, span.status])).toEqual([
    ['job', undefined, 0, undefined],
    ['inventory attempt', 'job', 1, SpanStatusCode.ERROR],
    ['GET 1', 'inventory attempt', 1, undefined],
    ['inventory attempt', 'job', 1, SpanStatusCode.ERROR],
    ['GET 2', 'inventory attempt', 1, undefined],
    ['inventory attempt', 'job', 1, undefined],
    ['GET 3', 'inventory attempt', 1, undefined],
  ]);
  expect(spans[3]?.attributes).toMatchObject({ 'resilience.attempt': 2, 'resilience.attempt.kind': 'retry', 'error.type': 'RangeError' });
  expect(spans[0]?.events.map((event) => event.name)).toEqual(['resilience.retry', 'resilience.retry']);
  expect(JSON.stringify(spans)).not.toContain('secret');
  const text = await registry.metrics();
  for (const sample of [
    'resilience_calls_total{pipeline="inventory",outcome="success"} 1',
    'resilience_calls_total{pipeline="inventory",outcome="transient"} 1',
    'resilience_attempts_total{pipeline="inventory",kind="first",outcome="transient"} 2',
    'resilience_attempts_total{pipeline="inventory",kind="retry",outcome="transient"} 3',
    'resilience_attempts_total{pipeline="inventory",kind="retry",outcome="success"} 1',
    'resilience_call_duration_seconds_count{pipeline="inventory"} 2',
  ]) {
    expect(text).toContain(`${sample}\n`);
  }
});

describe('instrument tells of a call of p-retry', () => {
  test('each attempt, the wait before a retry as it really was, and the end', async () => {
    const clock = new FakeClock();
    const { pRetry, events, told } = watched({ clock });
    const call = pRetry(
      (attempt) => {
        if (attempt === 1) down();
        return 'up';
      },
      { ...quick, onFailedAttempt: () => clock.advance(30) },
    );
    expect(await call).toBe('up');
    expect(told()).toEqual(['attempt transient', 'retry transient', 'attempt success', 'call success']);
    expect(events[1]).toMatchObject({ policy: 'p-retry', attempt: 2, delayMs: 30 });
    expect(events[3]).toMatchObject({ attempts: 2, durationMs: 30, key: undefined });
  });

  test.each<[string, () => unknown, Options, string[]]>([
    ['an AbortError of p-retry as a failure', () => Promise.reject(new AbortError('404')), quick, ['attempt failure', 'call failure']],
    ['a TypeError, which it does not retry', () => Promise.reject(new TypeError('x')), quick, ['attempt transient', 'call transient']],
    [
      'a cancelled fetch as ignored',
      () => Promise.reject(new DOMException('', 'AbortError')),
      { retries: 0 },
      ['attempt ignored', 'call ignored'],
    ],
    ['a caller who left before as ignored', down, { signal: AbortSignal.abort() }, ['call ignored']],
    ['options that p-retry refuses', down, { retries: -1 }, ['call failure']],
    ['what is no Error', () => Promise.reject(undefined), quick, ['attempt transient', 'call transient']],
  ])('%s', async (_name, run, options, told) => {
    const { pRetry, told: lines } = watched();
    await pRetry(run, options).catch(() => {});
    expect(lines()).toEqual(told);
  });

  test('a caller who leaves while an attempt runs as ignored, whatever the attempt says', async () => {
    const caller = new AbortController();
    const { pRetry, told } = watched();
    const call = pRetry(
      () => {
        caller.abort(new Error('bye'));
        return 'too late';
      },
      { ...quick, signal: caller.signal },
    );
    await expect(call).rejects.toThrow('bye');
    expect(told()).toEqual(['attempt ignored', 'call ignored']);
  });

  test('what classify says of a returned value', async () => {
    const { pRetry, told } = watched({ classify: http() });
    await pRetry(() => new Response('', { status: 429 }));
    expect(told()).toEqual(['attempt throttled', 'call throttled']);
  });

  test('calls at the same time, each with its own attempts', async () => {
    const { pRetry, events } = watched();
    const call = (failures: number) =>
      pRetry((attempt) => {
        if (attempt <= failures) down();
        return attempt;
      }, quick);
    expect(await Promise.all([0, 1, 2, 0, 1, 2].map(call))).toEqual([1, 2, 3, 1, 2, 3]);
    const calls = events.filter((event) => event.type === 'call');
    expect(calls.map((event) => event.attempts).toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(events.filter((event) => event.type === 'attempt' && event.info.kind === 'retry')).toHaveLength(6);
  });
});

describe('instrument changes nothing of p-retry', () => {
  /** What callbacks see and what comes out. */
  async function life(pRetry: typeof pRetryPlain): Promise<unknown[]> {
    const seen: unknown[] = [];
    const context = (name: string, answer: unknown) => (given: { readonly error: Error }) => {
      seen.push([name, { ...given, error: String(given.error) }]);
      return answer as boolean;
    };
    const options: Options = {
      retries: 2,
      minTimeout: 0,
      onFailedAttempt: (given) => void context('failed', true)(given),
      shouldRetry: context('retry', true),
      shouldConsumeRetry: context('consume', true),
    };
    const frozen = Object.freeze(options);
    for (const thrown of [new Error('e'), new TypeError('t'), 'string', new AbortError(new RangeError('r'))]) {
      const ended: unknown = await pRetry((attempt) => {
        seen.push(attempt);
        throw thrown;
      }, frozen).catch((error: unknown) => error);
      seen.push([String(ended), ended === thrown]);
    }
    seen.push(await pRetry((attempt) => (attempt === 1 ? down() : 'value'), frozen), await pRetry(() => 'no options'));
    return seen;
  }

  test('attempts, callbacks, errors and values are the same, also under observers that throw', async () => {
    const broken = (): never => {
      throw new Error('observer');
    };
    const { pRetry } = watched({ observer: { event: broken, attempt: broken, attach: broken }, classify: broken });
    expect(await life(pRetry)).toEqual(await life(pRetryPlain));
  });

  test('a rejection that nobody handles is still reported, once', async () => {
    const { pRetry } = watched();
    void pRetry(down, { retries: 0 });
    expect(await unhandled()).toHaveLength(1);
    await pRetry(down, { retries: 0 }).catch(() => {});
    expect(await unhandled()).toEqual([]);
  });
});

test('what cannot be instrumented is refused with the reason', () => {
  const observer = {};
  expect(() => instrument(pRetryPlain, { observer } as never)).toThrow(
    'instrument: name must be a string of 1 to 100 characters, got undefined',
  );
  expect(() => instrument(pRetryPlain, { name: 'p' })).toThrow('instrument: give metrics, observer or both');
  expect(() => instrument({} as never, { name: 'p', observer })).toThrow(
    'instrument: pRetry must be the function of p-retry, got an object',
  );
});

import { describe, expect, test } from 'vitest';
import {
  bulkhead,
  circuitBreaker,
  classifyErrors,
  deadline,
  exponential,
  fixed,
  pipeline,
  ResilienceError,
  retry,
  retryAfter,
  retryBudget,
  timeout,
} from '@nines/resilience';
import { behaviour, chaos, fault, latency, outcome } from '@nines/resilience/chaos';
import { fetchWith } from '@nines/resilience/fetch';
import { hedge } from '@nines/resilience/hedge';
import { admission } from '@nines/resilience/http';
import { redisWith } from '@nines/resilience/ioredis';
import { adaptiveLimit, loadShedding } from '@nines/resilience/limit';
import { opossum } from '@nines/resilience/opossum';
import { tracing } from '@nines/resilience/otel';
import { pRetry } from '@nines/resilience/p-retry';
import { prometheus } from '@nines/resilience/prometheus';
import { adaptiveThrottle, rateLimit, retryThrottle } from '@nines/resilience/throttle';
import { FakeClock } from '@nines/resilience/testing';

/** What each option is given when all is well; where all have defaults, what may be said about them. */
const makers: readonly [name: string, make: (options: never) => unknown, good: Readonly<Record<string, unknown>>][] = [
  [
    'pipeline',
    (options) => pipeline('p', [], options),
    { classify: classifyErrors, clock: new FakeClock(), random: Math.random, metrics: [], observer: [] },
  ],
  ['deadline', deadline, { totalMs: 1 }],
  ['timeout', timeout, { attemptMs: 1 }],
  ['bulkhead', bulkhead, { maxConcurrent: 1, maxQueue: 0, maxWaitMs: 1 }],
  ['retry', retry, { maxAttempts: 1, backoff: fixed(0), retryAfter: { maxMs: 0 }, budget: retryBudget(), allow: () => true }],
  ['pRetry', pRetry, { maxAttempts: 1, backoff: fixed(0), retryAfter: { maxMs: 0 }, allow: () => true }],
  ['retryBudget', retryBudget, { ratio: 1, minPerSecond: 0 }],
  ['retryThrottle', retryThrottle, { maxTokens: 1, tokenRatio: 1 }],
  ['exponential', exponential, { baseMs: 1, maxMs: 1, jitter: 'none' }],
  ['retryAfter', retryAfter, { maxMs: 0, otherwise: fixed(0) }],
  ['rateLimit', rateLimit, { permitsPerSecond: 0.5, burst: 1 }],
  ['adaptiveThrottle', adaptiveThrottle, { k: 1, windowMs: 1_000 }],
  [
    'circuitBreaker',
    circuitBreaker,
    {
      window: { type: 'time', ms: 100 },
      failureRateThreshold: 1,
      slowCallMs: 1,
      slowCallRateThreshold: 1,
      minimumCalls: 1,
      open: fixed(1),
      halfOpen: { permits: 1, failureRateThreshold: 1, probeTimeoutMs: 1 },
      key: () => undefined,
      maxKeys: 1,
      metricsOnly: true,
    },
  ],
  [
    'opossum',
    opossum,
    {
      failureRateThreshold: 1,
      minimumCalls: 1,
      windowMs: 100,
      windowBuckets: 1,
      openMs: 1,
      probes: 1,
      probeTimeoutMs: 1,
      key: () => undefined,
      maxKeys: 1,
    },
  ],
  [
    'chaos',
    chaos,
    { enabled: true, faults: [latency({ rate: 0, ms: 1 })], allow: () => true, key: () => true, criticality: ['sheddable'], seed: 0 },
  ],
  ['latency', latency, { rate: 0, ms: 1, jitterMs: 0, key: () => true, criticality: ['critical'] }],
  ['fault', fault, { rate: 0, error: () => 1, kind: 'failure' }],
  ['behaviour', behaviour, { rate: 0, run: () => 1 }],
  ['outcome', outcome, { rate: 0, value: () => 1, kind: 'success', retryAfterMs: 0 }],
  ['hedge', hedge, { delay: 1, maxHedges: 1, maxExtraLoadRatio: 1, allow: () => true }],
  ['loadShedding', loadShedding, { maxConcurrent: 1, maxQueue: 0, maxWaitMs: 1, shedFrom: {} }],
  [
    'adaptiveLimit',
    adaptiveLimit,
    {
      algorithm: 'gradient',
      initialLimit: 20,
      minLimit: 1,
      maxLimit: 200,
      windowMs: 100,
      longWindowMs: 600_000,
      maxQueue: 0,
      maxWaitMs: 1,
      shedFrom: {},
    },
  ],
  ['adaptiveLimit by gradient', adaptiveLimit, { tolerance: 2, smoothing: 1, queueSize: 0 }],
  [
    'adaptiveLimit by aimd',
    (options: unknown) =>
      adaptiveLimit(
        typeof options === 'object' && options !== null && !Array.isArray(options) ? { algorithm: 'aimd', ...options } : (options as never),
      ),
    { backoffRatio: 0.5, dropRateThreshold: 1, slowMs: 1 },
  ],
  ['tracing', tracing, { tracer: {} }],
  [
    'redisWith',
    (options) => redisWith(pipeline('p', []), { getBuiltinCommands: () => [] }, options),
    { idempotent: ['set'], context: () => undefined },
  ],
  [
    'admission',
    admission,
    {
      maxInFlight: 1,
      maxEventLoopDelayMs: 1,
      shedFrom: {},
      defaultCriticality: 'critical',
      defaultDeadlineMs: 1,
      maxDeadlineMs: 1,
      trust: () => true,
      retryAfterSeconds: 0,
      clock: new FakeClock(),
    },
  ],
  ['fetchWith', (options) => fetchWith(pipeline('p', []), options), { context: () => undefined, propagate: true, fetch }],
  ['prometheus', (options) => prometheus({ registerMetric: () => {} }, options), { observeKeys: [] }],
];

/** None of these is a number, a word, a function, an object or a list that any option takes. */
const wrong: readonly unknown[] = [Number.NaN, -1, Number.POSITIVE_INFINITY, 'wrong', null, Symbol('wrong'), 10n];

function refused(run: () => unknown): ResilienceError {
  try {
    run();
  } catch (error) {
    if (error instanceof ResilienceError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe.each(makers)('%s', (name, make, good) => {
  test.each(Object.keys(good))('refuses every wrong %s, and says what is right', (option) => {
    expect(() => make(good as never)).not.toThrow();
    for (const value of wrong) {
      const { code, message } = refused(() => make({ ...good, [option]: value } as never));
      expect([code, message]).toEqual(['INVALID_OPTION', expect.stringMatching(/^[\w ]+: .* must be .+(, got .+)?$/)]);
      expect(message).toContain(option);
    }
  });

  test('refuses an option it does not know, and what is no options at all', () => {
    expect(refused(() => make({ ...good, wrongOption: 1 } as never)).message).toContain('wrongOption');
    for (const value of [null, 1, 'x', []]) expect(refused(() => make(value as never)).code, name).toBe('INVALID_OPTION');
  });
});

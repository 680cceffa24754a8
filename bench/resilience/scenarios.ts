import CircuitBreaker from 'opossum';
import pRetryCall from 'p-retry';
import { bulkhead, circuitBreaker, deadline, pipeline, type Policy, retry, retryBudget, timeout } from '@nines/resilience';
import { diagnostics } from '@nines/resilience/diagnostics';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';

/** One thing that is measured: `call` once, over and over, one after the other. */
export interface Scenario {
  readonly name: string;
  /** Whose code it is. */
  readonly of: 'bare' | 'nines' | 'peer';
  /** At most so many nanoseconds, where there is a goal. */
  readonly goalNs?: number;
  /** At most so many calls, where more would cost more each. */
  readonly calls?: number;
  readonly prepare: () => Promise<() => Promise<unknown>>;
}

const work = async (): Promise<number> => 42;
const ready = (call: () => Promise<unknown>) => (): Promise<() => Promise<unknown>> => Promise.resolve(call);

function full(): Policy[] {
  return [
    deadline({ totalMs: 2_000 }),
    bulkhead({ maxConcurrent: 50, maxQueue: 100 }),
    retry({ maxAttempts: 3, budget: retryBudget() }),
    circuitBreaker(),
    timeout({ attemptMs: 800 }),
  ];
}

/** The whole pipeline with `policies`, with or without somebody who listens. */
function through(policies: readonly Policy[], listening = false): () => Promise<() => Promise<unknown>> {
  const p = pipeline('bench', policies);
  let events = 0;
  if (listening) p.subscribe(() => (events += 1));
  return ready(() => p.execute(work));
}

/** Somebody could listen, by the channels of the process, but nobody does. */
function unheard(policies: readonly Policy[]): () => Promise<() => Promise<unknown>> {
  const p = pipeline('bench', policies, { observer: diagnostics() });
  return ready(() => p.execute(work));
}

async function openBreaker(): Promise<() => Promise<unknown>> {
  const p = pipeline('bench', [circuitBreaker({ minimumCalls: 1, open: () => 3_600_000 })]);
  await p.executeOutcome(() => Promise.reject(new Error('down')));
  return () => p.executeOutcome(work);
}

function manyKeys(): () => Promise<unknown> {
  const keys = Array.from({ length: 10_000 }, (_, i) => `host-${i}`);
  const p = pipeline('bench', [circuitBreaker({ key: (ctx) => ctx.key, maxKeys: 10_000 })]);
  let next = 0;
  return () => p.execute(work, { key: keys[next++ % keys.length] });
}

/** opossum as it comes: with its timeout of ten seconds. */
function nakedOpossum(): () => Promise<unknown> {
  const breaker = new CircuitBreaker(work);
  return () => breaker.fire();
}

function pRetryAroundOpossum(): () => Promise<unknown> {
  const breaker = new CircuitBreaker(work);
  return () => pRetryCall(() => breaker.fire(), { retries: 2 });
}

export const scenarios: readonly Scenario[] = [
  { name: 'bare async function', of: 'bare', prepare: ready(work) },
  { name: 'empty pipeline', of: 'nines', prepare: through([]) },
  { name: 'circuitBreaker', of: 'nines', prepare: through([circuitBreaker()]) },
  { name: 'circuitBreaker, 10,000 keys', of: 'nines', prepare: ready(manyKeys()) },
  { name: 'deadline, bulkhead, retry with budget, circuitBreaker, timeout', of: 'nines', goalNs: 600, prepare: through(full()) },
  { name: 'the same, somebody listens', of: 'nines', goalNs: 1_000, prepare: through(full(), true) },
  { name: 'the same, diagnostics channels without a subscriber', of: 'nines', goalNs: 620, prepare: unheard(full()) },
  { name: 'refused by an open breaker, executeOutcome', of: 'nines', goalNs: 300, prepare: openBreaker },
  { name: 'opossum policy', of: 'nines', prepare: through([opossum()]) },
  { name: 'pRetry policy', of: 'nines', prepare: through([pRetry()]) },
  { name: 'pRetry and opossum policies', of: 'nines', prepare: through([pRetry(), opossum()]) },
  { name: 'opossum alone, defaults', of: 'peer', prepare: ready(nakedOpossum()) },
  { name: 'p-retry alone', of: 'peer', prepare: ready(() => pRetryCall(work, { retries: 2 })) },
  { name: 'p-retry around opossum', of: 'peer', prepare: ready(pRetryAroundOpossum()) },
];

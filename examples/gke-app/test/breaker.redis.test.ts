import { expect, inject, test } from 'vitest';
import type { Child } from '../demo/child.ts';
import type { System } from '../demo/system.ts';
import { allDelivered, deliveredIds, jobState, metric, postEvent, setFaults, testSystem } from './harness.ts';

/** Asks the worker's /metrics until it shows what is waited for: the depth is read in the background. */
async function shows(system: System, worker: Child, series: RegExp, least: number): Promise<void> {
  await expect.poll(() => metric(system, worker, series), { interval: 50, timeout: 30_000 }).toBeGreaterThanOrEqual(least);
}

test('told to fail, the receiver opens the breaker, the metrics show it, and all is delivered once it heals', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), env: { BREAKER_OPEN_MS: '1000' } });
  const [worker] = system.workers as readonly [Child];
  await setFaults(system, { mode: 'status', status: 500 });
  const ids = (await Promise.all(Array.from({ length: 20 }, (_, n) => postEvent(system.apiUrl, { n })))).map(String);

  await worker.line(({ fields }) => fields['reason'] === 'receiver: the circuit is open');
  await shows(system, worker, /^resilience_circuit_breakers\{.*state="open"/, 1);
  await shows(system, worker, /^nines_queue_jobs\{.*state="delayed"/, 1);
  expect(await metric(system, worker, /^messaging_process_duration_seconds_count/)).toBeGreaterThan(0);
  expect(await metric(system, worker, /^messaging_process_duration_seconds_sum/)).toBeGreaterThan(0);
  await shows(system, worker, /^nines_queue_attempts_total\{.*outcome="retried"/, 1);
  expect(deliveredIds(system.receiver)).toEqual([]);

  await setFaults(system, { mode: 'none' });
  await allDelivered(system.receiver, ids);
  await shows(system, worker, /^resilience_circuit_breakers\{.*state="closed"/, 1);
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
  const jobs = await Promise.all(ids.map((id) => jobState(system, id)));
  expect(jobs.filter(({ state }) => state === 'completed')).toHaveLength(20);
  expect(deliveredIds(system.receiver).sort()).toEqual(ids.sort());
});

test('a client error that will not pass is dead-lettered after one request; Retry-After sets the next attempt', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl') });
  const [worker] = system.workers as readonly [Child];
  await setFaults(system, { mode: 'status', status: 410 });
  const gone = (await postEvent(system.apiUrl, {})) ?? '';
  await worker.line(({ fields }) => fields['jobId'] === gone && fields['reason'] === 'receiver answered 410' && fields['requests'] === 1);

  await setFaults(system, { mode: 'status', status: 429, retryAfterSeconds: 3600 });
  const asked = (await postEvent(system.apiUrl, {})) ?? '';
  await worker.line(({ fields }) => fields['jobId'] === asked && fields['reason'] === 'receiver answered 429' && fields['requests'] === 1);
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
  expect(await jobState(system, gone)).toMatchObject({ state: 'dead', lastError: 'DeadLetterError: receiver answered 410' });
  expect(await jobState(system, asked)).toMatchObject({
    state: 'delayed',
    failedAttempts: 1,
    lastError: 'RetryLaterError: receiver answered 429',
  });
});

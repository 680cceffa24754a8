// How long to wait before each retry, by four kinds of jitter.
import { exponential, type Jitter } from '@nines/resilience';

const jitters: readonly Jitter[] = ['none', 'full', 'equal', 'decorrelated'];
for (const jitter of jitters) {
  const backoff = exponential({ baseMs: 100, maxMs: 2_000, jitter });
  const waits = [1, 2, 3, 4, 5, 6].map((attempt) => Math.round(backoff(attempt, Math.random)));
  console.log(jitter.padEnd(13), waits.join(' '));
}

import { expectTypeOf, test } from 'vitest';
import { counter, createRegistry, gauge, histogram, type BoundCounter, type BoundGauge } from '../src/metrics.ts';

const registry = createRegistry();

test('a label that was not declared does not compile', () => {
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue', 'outcome'] });
  jobs.inc({ queue: 'mail' });
  jobs.inc({ queue: 'mail', outcome: 1 }, 2);
  // @ts-expect-error queu was not declared
  jobs.inc({ queu: 'mail' });
  // @ts-expect-error a label is text or a number
  jobs.inc({ queue: true });
  // @ts-expect-error the amount is a number
  jobs.inc({ queue: 'mail' }, '2');
  // @ts-expect-error queu was not declared
  jobs.bind({ queu: 'mail' });
  expectTypeOf(jobs.bind({ queue: 'mail' })).toEqualTypeOf<BoundCounter>();
});

test('an instrument without labels takes none', () => {
  const open = gauge(registry, { name: 'open', help: 'Open.' });
  open.set(1);
  open.set(1, {});
  // @ts-expect-error it has no labels
  open.set(1, { pool: 'a' });
  expectTypeOf(open.bind({})).toEqualTypeOf<BoundGauge>();
  const seconds = histogram(registry, { name: 'seconds', help: 'Time.' });
  // @ts-expect-error it has no labels
  seconds.observe(1, { pool: 'a' });
});

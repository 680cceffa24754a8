import { expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createRegistry } from './text-registry.ts';
import { goldenSignals } from './golden-signals.ts';

test('operations are counted with their time and outcome, and give back what they give back', async () => {
  const registry = createRegistry();
  const clock = fakeClock();
  let used = 3;
  const payment = goldenSignals(registry, { name: 'payment', saturation: () => used / 10, buckets: [0.1, 1], clock });
  const charge = payment.track('charge', () => new Promise<string>((resolve) => void clock.after(50, () => resolve('paid'))));
  await clock.advance(50);
  expect(await charge).toBe('paid');
  const failure = new Error('declined');
  await expect(payment.track('charge', () => Promise.reject(failure))).rejects.toBe(failure);
  await expect(
    payment.track('charge', () => {
      throw failure;
    }),
  ).rejects.toBe(failure);
  used = 9;
  const text = await registry.metrics();
  expect(text).toContain('payment_operation_duration_seconds_bucket{le="0.1",operation="charge",outcome="ok"} 1\n');
  expect(text).toContain('payment_operation_duration_seconds_sum{operation="charge",outcome="ok"} 0.05\n');
  expect(text).toContain('payment_operation_duration_seconds_count{operation="charge",outcome="error"} 2\n');
  expect(text).toContain('payment_saturation_ratio 0.9\n');
});

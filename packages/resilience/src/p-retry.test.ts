import { expect, test } from 'vitest';
import { pRetry } from '@nines/resilience/p-retry';

test('pRetry refuses options it cannot keep', () => {
  expect(() => pRetry({ maxAttempts: 0 })).toThrow('pRetry: maxAttempts must be a whole number from 1 to 100, got 0');
  expect(() => pRetry({ retries: 3 } as never)).toThrow('pRetry: unknown option "retries"');
  expect(() => pRetry({ retryAfter: { maxMs: -1 } })).toThrow(
    'pRetry: retryAfter.maxMs must be a whole number from 0 to 2147483647, got -1',
  );
});

import { expect, test } from 'vitest';
import { opossum } from '@nines/resilience/opossum';

test('opossum refuses options it cannot keep', () => {
  expect(() => opossum({ failureRateThreshold: 50 })).toThrow('opossum: failureRateThreshold must be a number above 0 and up to 1, got 50');
  expect(() => opossum({ minimumCalls: 0 })).toThrow('opossum: minimumCalls must be a whole number from 1 to 1000000, got 0');
  expect(() => opossum({ resetTimeout: 1 } as never)).toThrow('opossum: unknown option "resetTimeout"');
});

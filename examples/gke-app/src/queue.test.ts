import { expect, test } from 'vitest';
import { readApiConfig } from './config.ts';
import { deliveriesQueue } from './queue.ts';

const { queue: settings } = readApiConfig({ DESTINATIONS: 'a=http://127.0.0.1:1/', MAX_BODY_BYTES: '10000' });

test.each(['"', '\\', '\n', '\t', 'é', '👍', '\u2028', '\u007f'])(
  'an event of MAX_BODY_BYTES fits into the queue, even when it is all %j',
  (character) => {
    const body = character.repeat(Math.floor(settings.maxEventBytes / Buffer.byteLength(character)));
    const longest = {
      destination: 'a'.repeat(64),
      type: 't'.repeat(128),
      contentType: `application/${'x'.repeat(100)}+json; charset="utf-8"`,
      body,
    };
    expect(Buffer.byteLength(JSON.stringify(longest))).toBeLessThanOrEqual(deliveriesQueue(settings).options.maxBodyBytes);
  },
);

test('the waits between attempts double from RETRY_MIN_MS to RETRY_MAX_MS and add up to hours', () => {
  const { backoff, maxAttempts } = deliveriesQueue(settings).options;
  const waits = Array.from({ length: maxAttempts - 1 }, (_, index) => backoff(index + 1, () => 1));
  expect(waits.slice(0, 3)).toEqual([500, 1000, 2000]);
  expect(waits.at(-1)).toBe(3_600_000);
  expect(waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000).toBeGreaterThan(6);
});

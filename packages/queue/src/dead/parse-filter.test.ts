import { expect, test } from 'vitest';
import type { DeadLetterFilter } from './filter.ts';
import { parseDeadLetterFilter } from './parse-filter.ts';

test.each<[string, DeadLetterFilter]>([
  ['', {}],
  ['  ', {}],
  ['reason=poison', { reason: ['poison'] }],
  ['reason=poison,deadline', { reason: ['poison', 'deadline'] }],
  ['error=TypeError error~Timeout', { errorName: 'TypeError', errorIncludes: 'Timeout' }],
  ['error~"timed out"  attempts=3+', { errorIncludes: 'timed out', attemptsAtLeast: 3 }],
  [String.raw`error~"a \"b\" \\ c"`, { errorIncludes: String.raw`a "b" \ c` }],
  ['error~a=b', { errorIncludes: 'a=b' }],
  ['before=2026-01-01', { endedBeforeMs: Date.UTC(2026, 0, 1) }],
  ['after=2026-01-01T12:30Z', { endedAfterMs: Date.UTC(2026, 0, 1, 12, 30) }],
  ['after=2024-02-29T00:00:00.5+01:00', { endedAfterMs: Date.UTC(2024, 1, 28, 23, 0, 0, 500) }],
])('parseDeadLetterFilter reads %j', (text, filter) => {
  expect(parseDeadLetterFilter(text)).toEqual(filter);
});

const tokens = 'allowed is reason=…, error=NAME, error~TEXT, after=MOMENT, before=MOMENT, attempts=N+';
const aMoment = 'allowed is a moment such as 2026-03-04 or 2026-03-04T10:00:00Z';

test.each([
  ['poison', `"poison"; ${tokens}`],
  ['reason:poison', `"reason:poison"; ${tokens}`],
  ['Reason=poison', `"Reason=poison"; ${tokens}`],
  ['constructor=1', `"constructor=1"; ${tokens}`],
  ['attempts>=3', `"attempts>=3"; ${tokens}`],
  ['attempts=3', '"attempts=3"; allowed is attempts=N+ with a whole number'],
  ['reason=poisoned', '"reason=poisoned"; allowed is reason=attempts-exhausted|rejected|invalid-payload|unreadable|deadline|poison'],
  ['reason=', '"reason="; allowed is a value of 1 to 500 characters after reason='],
  ['attempts=-1+', '"attempts=-1+"; allowed is attempts=N+ with a whole number'],
  ['before=yesterday', `"before=yesterday"; ${aMoment}`],
  ['before=2026-02-30', `"before=2026-02-30"; ${aMoment}`],
  ['after=2026-01-01T12:00', `"after=2026-01-01T12:00"; ${aMoment}`],
  ['error~timed out', `"out"; ${tokens}`],
  ['error~"timed out', String.raw`"error~\"timed out"; allowed is quotes around the whole value, or none`],
  ['error~a"b c"', String.raw`"error~a\"b c\""; allowed is quotes around the whole value, or none`],
  ['error~a error~b', '"error~b"; allowed is error~ once'],
  [`error~${'x'.repeat(501)}`, 'allowed is a value of 1 to 500 characters after error~'],
])('parseDeadLetterFilter refuses %j, names the token and says what is allowed', (text, message) => {
  expect(() => parseDeadLetterFilter(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_FILTER', message: expect.stringContaining(message) as string }) as Error,
  );
});

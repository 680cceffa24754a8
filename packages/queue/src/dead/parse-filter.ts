import { QueueError } from '../errors.ts';
import { deadReasons, isDeadReason, type DeadLetterFilter } from './filter.ts';

type Fields = { -readonly [Field in keyof DeadLetterFilter]: DeadLetterFilter[Field] };

/** What may stand on the left of a token, with its operator, and what it makes of the value on the right. */
const TOKENS: Readonly<Record<string, (value: string, token: string) => Fields>> = {
  'reason=': (value, token) => {
    const reasons = value
      .split(',')
      .map((one) => (isDeadReason(one) ? one : refuseToken(token, `reason=${deadReasons.join('|')}, several with commas`)));
    return { reason: reasons };
  },
  'error=': (value) => ({ errorName: value }),
  'error~': (value) => ({ errorIncludes: value }),
  'after=': (value, token) => ({ endedAfterMs: moment(value, token) }),
  'before=': (value, token) => ({ endedBeforeMs: moment(value, token) }),
  'attempts=': (value, token) => ({
    attemptsAtLeast: /^\d{1,9}\+$/.test(value) ? Number.parseInt(value, 10) : refuseToken(token, 'attempts=N+ with a whole number'),
  }),
};

const ALLOWED = 'reason=…, error=NAME, error~TEXT, after=MOMENT, before=MOMENT, attempts=N+';
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * Reads the filter of a command line, for {@link Inspector.redriveAll} and its kind. Tokens stand between spaces, and all must hold:
 * `reason=poison,deadline`, `error=TypeError` (the name, exactly), `error~"timed out"` (a part of name and message), `after=2026-01-01`,
 * `before=2026-01-01T12:00:00Z` (ISO 8601; a date is its midnight in UTC), `attempts=3+` (three or more). A value with spaces stands in double quotes,
 * in which `\"` and `\\` are a quote and a backslash. An empty text is every dead letter.
 *
 * @throws {QueueError} `INVALID_FILTER` that names the token and what is allowed in its place.
 * @example
 * ```ts
 * import { parseDeadLetterFilter } from '@nines/queue';
 *
 * const { errorIncludes, attemptsAtLeast } = parseDeadLetterFilter('error~"timed out" attempts=3+');
 * console.log(errorIncludes, attemptsAtLeast); // timed out 3
 * ```
 */
export function parseDeadLetterFilter(text: string): DeadLetterFilter {
  const filter: Fields = {};
  for (const token of tokensOf(text)) {
    const [, left = '', right = ''] = /^([a-z]+[=~])(.*)$/s.exec(token) ?? [];
    const read = Object.hasOwn(TOKENS, left) ? TOKENS[left] : undefined;
    if (read === undefined) refuseToken(token, ALLOWED);
    const value = unquoted(right, token);
    if (value === '' || value.length > 500) refuseToken(token, `a value of 1 to 500 characters after ${left}`);
    const fields = read(value, token);
    if (Object.keys(fields).some((field) => field in filter)) refuseToken(token, `${left} once`);
    Object.assign(filter, fields);
  }
  return filter;
}

/** Splits at spaces that stand in no quotes. */
function tokensOf(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/gs) ?? [];
}

function unquoted(value: string, token: string): string {
  if (!value.includes('"')) return value;
  const inner = /^"((?:\\.|[^"\\])*)"$/s.exec(value)?.[1];
  if (inner === undefined) refuseToken(token, 'quotes around the whole value, or none');
  return inner.replaceAll(/\\(.)/gs, '$1');
}

function moment(value: string, token: string): number {
  const ms = MOMENT.test(value) ? Date.parse(value) : Number.NaN;
  // JavaScript takes the 31st of February for the 3rd of March.
  const real = ms >= 0 && new Date(Date.parse(`${value.slice(0, 10)}T00:00:00Z`)).toISOString().startsWith(value.slice(0, 10));
  return real ? ms : refuseToken(token, 'a moment such as 2026-03-04 or 2026-03-04T10:00:00Z');
}

function refuseToken(token: string, allowed: string): never {
  const shown = JSON.stringify(token.length > 64 ? `${token.slice(0, 64)}…` : token);
  throw new QueueError('INVALID_FILTER', `the filter has ${shown}; allowed is ${allowed}`);
}

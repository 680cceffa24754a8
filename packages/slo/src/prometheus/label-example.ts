import { SloError } from '@nines/slo';
import type { Matcher } from './promql.ts';

/** Labels as they stand on a series. */
export type Labels = Readonly<Record<string, string>>;

/** Labels that satisfy all matchers, or undefined when no simple value does. */
export function labelsFor(matchers: readonly Matcher[]): Labels | undefined {
  const labels: Record<string, string> = {};
  for (const name of new Set(matchers.map(({ label }) => label))) {
    const own = matchers.filter(({ label }) => label === name);
    const candidates = [
      ...own.filter(({ operator }) => operator === '=').map(({ value }) => value),
      ...own.map(exampleOf),
      'other',
      'another',
      '0',
      '',
    ];
    const fitting = candidates.find((value) => value !== undefined && own.every((matcher) => matches(matcher, value)));
    if (fitting === undefined) return undefined;
    if (fitting !== '') labels[name] = fitting;
  }
  return labels;
}

/** As `labelsFor`, for a user's selector that must have an example. */
export function exampleLabels(matchers: readonly Matcher[]): Labels {
  const labels = labelsFor(matchers);
  if (labels === undefined) {
    const text = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`).join(',');
    throw new SloError('INVALID_PROMQL', `no example of {${text}} can be made for the test of its rules: use simpler expressions`);
  }
  return labels;
}

/** The matcher that is true where this one is false. */
export function opposite(matcher: Matcher): Matcher {
  const operator = ({ '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' } as const)[matcher.operator];
  return { ...matcher, operator };
}

function matches({ operator, value }: Matcher, candidate: string): boolean {
  if (operator === '=') return candidate === value;
  if (operator === '!=') return candidate !== value;
  try {
    return new RegExp(`^(?:${value})$`, 's').test(candidate) === (operator === '=~');
  } catch {
    return false;
  }
}

function exampleOf({ operator, value }: Matcher): string | undefined {
  return operator === '=~' || operator === '!~' ? shortest(value) : value;
}

/**
 * A text that a regular expression of the simple kind matches: its first alternative, one character of each class, what may be left out left out.
 * `matches` decides whether it really does.
 */
function shortest(pattern: string): string {
  let text = pattern;
  for (let previous = ''; previous !== text;) {
    previous = text;
    // Innermost groups first, each replaced by its first alternative.
    text = text.replaceAll(/\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)([*?]|\{0,?\d*\})?/g, (_, first: string, optional?: string) =>
      optional === undefined ? first : '',
    );
  }
  const first = text.split('|')[0] ?? '';
  return first
    .replaceAll(/(\[[^\]]*\]|\\.|[^\\])(?:[*?]|\{0,?\d*\})/g, '')
    .replaceAll(/\[\^[^\]]*\]/g, '_')
    .replaceAll(/\[(\\?.)[^\]]*\]/g, '$1')
    .replaceAll(/\\d/g, '0')
    .replaceAll(/\\w/g, 'a')
    .replaceAll(/(?<!\\)\./g, '0')
    .replaceAll(/(.)\{(\d+)(?:,\d*)?\}/g, (_, character: string, count: string) => character.repeat(Math.min(Number(count), 100)))
    .replaceAll(/(?<!\\)[+^$]/g, '')
    .replaceAll(/\\(.)/g, '$1');
}

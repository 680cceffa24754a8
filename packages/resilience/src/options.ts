import { ResilienceError } from './errors.ts';

/** Longest delay a Node.js timer can hold, in milliseconds (2^31 - 1). */
export const MAX_TIMER_MS: number = 2_147_483_647;

/** Checks one option: returns what is allowed, in words, when the value is refused. */
export type OptionCheck = (value: unknown) => string | undefined;

/** Allows whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): OptionCheck {
  return (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? undefined : `a whole number from ${min} to ${max}`;
}

/** Allows numbers from `min` to `max`, fractions too. */
export function numberFrom(min: number, max: number): OptionCheck {
  return (value) => (typeof value === 'number' && value >= min && value <= max ? undefined : `a number from ${min} to ${max}`);
}

/** Allows numbers above 0 and up to 1. */
export function ratio(): OptionCheck {
  return (value) => (typeof value === 'number' && value > 0 && value <= 1 ? undefined : 'a number above 0 and up to 1');
}

/** Allows one of the given words. */
export function oneOf(words: readonly string[]): OptionCheck {
  return (value) => (words.includes(value as string) ? undefined : `one of ${words.join(', ')}`);
}

function typed(type: string, words: string): OptionCheck {
  return (value) => (typeof value === type ? undefined : words);
}

/** Allows functions. */
export function functionOption(): OptionCheck {
  return typed('function', 'a function');
}

/** Allows true and false. */
export function booleanOption(): OptionCheck {
  return typed('boolean', 'true or false');
}

/** Allows objects, arrays too. */
export function objectOption(): OptionCheck {
  return (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
}

/** Allows undefined and what the inner check allows. */
export function optional(check: OptionCheck): OptionCheck {
  return (value) => (value === undefined ? undefined : check(value));
}

/** Shows a refused value without ever throwing and without filling a log. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** Throws `INVALID_OPTION` when the check refuses the value. */
export function checkOption(owner: string, name: string, value: unknown, check: OptionCheck): void {
  const allowed = check(value);
  if (allowed !== undefined) throw new ResilienceError('INVALID_OPTION', `${owner}: ${name} must be ${allowed}, got ${show(value)}`);
}

/**
 * Fills options from their defaults and checks each one; for authors of policies.
 *
 * @param owner - whose options these are; it begins the message.
 * @param given - what the user passed.
 * @param defaults - a frozen object with a value for every option that has a default.
 * @param checks - one check per known option; any other option is refused.
 * @returns a frozen object with every option present.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { resolveOptions, wholeNumber } from '@nines/resilience';
 *
 * const options = resolveOptions('mine', { maxItems: 3 }, { maxItems: 10 }, { maxItems: wholeNumber(1, 100) });
 * console.log(options.maxItems); // 3
 * ```
 */
export function resolveOptions<T extends object>(
  owner: string,
  given: object | undefined,
  defaults: Partial<T>,
  checks: Readonly<Record<keyof T & string, OptionCheck>>,
): Readonly<T> {
  checkOption(
    owner,
    'options',
    given,
    optional((value) => (Array.isArray(value) ? 'an object' : objectOption()(value))),
  );
  for (const name of Object.keys(given ?? {})) {
    if (!Object.hasOwn(checks, name)) {
      throw new ResilienceError('INVALID_OPTION', `${owner}: unknown option ${show(name)}; known are ${Object.keys(checks).join(', ')}`);
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const [name, check] of Object.entries<OptionCheck>(checks)) {
    const own = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    const value = own === undefined ? defaults[name as keyof T] : own;
    checkOption(owner, name, value, check);
    if (value !== undefined) resolved[name] = value;
  }
  return Object.freeze(resolved) as Readonly<T>;
}

import { TelemetryError } from './errors.ts';

/** The failure of one option, with its name, what is allowed and what came. */
export function refuse(name: string, allowed: string, got: unknown): never {
  throw new TelemetryError('INVALID_OPTION', `${name} must be ${allowed}, got ${describe(got)}`);
}

/** A value as a message shows it: short, and of an object no more than its type. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) return String(value);
  return `a value of type ${typeof value}`;
}

/** Refuses anything but a plain object whose keys are all known: a misspelt option must not be silently ignored. */
export function refuseUnknown(where: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) refuse(where, 'an object', value);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new TelemetryError('INVALID_OPTION', `${where} has no option ${key}; known: ${known.join(', ')}`);
  }
}

/** A whole number in a closed range, or the default when it is not given. */
export function whole(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    refuse(name, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

/** A string of 1 to `max` characters. */
export function text(name: string, value: unknown, max = 255): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > max) refuse(name, `a string of 1 to ${max} characters`, value);
  return value;
}

/** One of a closed list of words, or the default when it is not given. */
export function oneOf<Word extends string>(name: string, value: unknown, fallback: Word, words: readonly Word[]): Word {
  if (value === undefined) return fallback;
  const found = words.find((word) => word === value);
  return found ?? refuse(name, `one of ${words.join(', ')}`, value);
}

/** A function. */
export function callable(name: string, value: unknown): void {
  if (typeof value !== 'function') refuse(name, 'a function', value);
}

/** True or false, or the default when it is not given. */
export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') refuse(name, 'true or false', value);
  return value;
}

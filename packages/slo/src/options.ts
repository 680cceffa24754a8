import { SloError } from './errors.ts';
import { show } from './show.ts';

/** Refuses what is not an object and every option that `known` does not list. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new SloError('INVALID_OPTION', `${where} takes an object with ${known.join(', ')}, got ${show(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new SloError('UNKNOWN_OPTION', `${where} has no option ${show(name)}; it knows ${known.join(', ')}`);
    }
  }
}

/** Returns a non-empty text of bounded length, or refuses it. */
export function checkText(name: string, value: unknown, longest: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > longest) {
    throw new SloError('INVALID_OPTION', `${name} must be text of 1 to ${longest} characters, got ${show(value)}`);
  }
  return value;
}

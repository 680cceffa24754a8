import { SloError } from '../errors.ts';

/** Where a command writes, and how. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Whether escape sequences for colours may be written. */
  readonly colours: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** What the parser of Node's `util` made of the arguments. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** One option of a command, in the form of `parseArgs`. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
}

/** One of the words behind `nines-slo`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Usage, options and examples. */
  readonly help: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** @returns 0 fine, 1 the policy says no */
  run(given: Arguments, terminal: Terminal): Promise<0 | 1>;
}

/** A text option, or undefined. */
export function text({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** A text option that must be there. */
export function required(given: Arguments, name: string): string {
  const value = text(given, name);
  if (value === undefined) throw new SloError('INVALID_OPTION', `--${name} is missing`);
  return value;
}

/** An option that may be given several times. */
export function list({ values }: Arguments, name: string): string[] {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Whether a switch was given. */
export function flag({ values }: Arguments, name: string): boolean {
  return values[name] === true;
}

/** A whole number from 0. */
export function count(given: Arguments, name: string): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value))
    throw new SloError('INVALID_OPTION', `--${name} must be a whole number from 0, got ${JSON.stringify(value)}`);
  return Number(value);
}

/** A moment as ISO 8601, in milliseconds since 1970. */
export function moment(given: Arguments, name: string): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  const milliseconds = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw new SloError('INVALID_OPTION', `--${name} must be a moment such as 2026-03-04T10:00:00Z, got ${JSON.stringify(value)}`);
  }
  return milliseconds;
}

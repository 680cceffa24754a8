import type { Clock } from '../clock.ts';
import { parseDeadLetterFilter } from '../dead/parse-filter.ts';
import type { DeadLetterFilter } from '../dead/filter.ts';
import { QueueError } from '../errors.ts';
import type { Inspector } from '../inspector.ts';
import type { Body } from './body.ts';
import type { Terminal } from './terminal.ts';

/** How a command ends: 0 done, 1 failed or not finished, 2 used wrongly, 3 there is no such queue or job. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What surrounds a command. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Where Redis is, unless `--redis` says so. */
  readonly redisUrl: string | undefined;
}

/** A queue that was opened for a command. */
export interface OpenQueue {
  readonly inspector: Inspector<Body>;
  /** The queue and where it is, for people; never with a password. */
  readonly title: string;
  readonly partitions: number;
  close(): Promise<void>;
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

/** One of the words behind `nines-queue`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Usage, options and examples. */
  readonly help: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Whether the queue need not be there. */
  readonly mayBeNew?: boolean;
  /** Looks at the arguments before anything is opened; throws when they are wrong. */
  check?(given: Arguments, around: Surroundings): void;
  run(given: Arguments, queue: OpenQueue, around: Surroundings): Promise<ExitCode>;
}

/** A text option, or undefined. */
export function text({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
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

/** A whole number, or undefined. */
export function whole(given: Arguments, name: string, min: number, max: number): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) misused(`--${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
  return number;
}

/** The arguments that are no options, as a filter of dead letters. */
export function filterOf({ positionals }: Arguments): DeadLetterFilter {
  return parseDeadLetterFilter(positionals.join(' '));
}

/** Refuses arguments of a command that takes none. */
export function refusePositionals({ positionals }: Arguments): void {
  if (positionals.length > 0) misused(`${JSON.stringify(positionals[0]?.slice(0, 60))} is no option, and nothing else is expected`);
}

/** @throws {QueueError} `INVALID_OPTION`, always: the command was used wrongly. */
export function misused(message: string): never {
  throw new QueueError('INVALID_OPTION', message);
}

/** A number with the word for what is counted. */
export function counted(count: number, one: string, several: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

export const filterHelp = `  FILTER          words that must all hold; none is every dead letter:
                    reason=poison,deadline   attempts-exhausted, rejected, invalid-payload, unreadable, deadline, poison
                    error=TypeError          the name of the last error
                    error~refused            a part of the last error; 'error~"timed out"' where it has spaces
                    after=2026-01-01         dead-lettered then or later; a date, or 2026-01-01T12:00:00Z
                    before=2026-01-02        dead-lettered before
                    attempts=3+              so many failed attempts or more`;

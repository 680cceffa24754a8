import type { Clock } from '../clock.ts';
import type { LogDestination } from './destination.ts';
import type { LogPreset } from './format.ts';
import type { LogLevel } from './level.ts';
import type { LogSampling } from './sampling.ts';

/** One way to write a line: fields with a message, or a message alone. */
export interface LogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** A structured logger: one JSON object a line, with the ids of the active span. */
export interface Logger {
  /** The least urgent level that is written; may be changed at run time. */
  level: string;
  /** Finest detail, off by default. */
  readonly trace: LogMethod;
  /** Detail for a developer, off by default. */
  readonly debug: LogMethod;
  /** Normal course of events. */
  readonly info: LogMethod;
  /** Something odd that needs no action yet. */
  readonly warn: LogMethod;
  /** A failure; pass the error as `{ err }`. */
  readonly error: LogMethod;
  /** A failure that ends the process. */
  readonly fatal: LogMethod;
  /** Writes nothing; frameworks ask for it. */
  readonly silent: LogMethod;
  /** A logger that adds `fields` to each line. */
  child(fields: Record<string, unknown>, options?: object): Logger;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Put on each line as `service`. */
  readonly serviceName: string;
  /** Least urgent level written. Default `info`. */
  readonly level?: LogLevel;
  /** More field names, or dotted paths, whose values are replaced by `[redacted]`; the defaults always stay. */
  readonly redact?: readonly string[];
  /** Layout of a line: `plain`, or `gcp` with the fields that Google Cloud Logging knows. Default `plain`. */
  readonly preset?: LogPreset;
  /** Project that makes the trace of a `gcp` line a link. Default none. */
  readonly projectId?: string | undefined;
  /** Bounds the lines of one message. Default: every line is written. */
  readonly sampling?: LogSampling;
  /** Told of a line that could not be written as it was given, such as fields that throw when they are read; logging never throws. Default: nobody. */
  readonly onError?: (error: unknown) => void;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
  /** Where lines go. Default standard output, written synchronously so that no last line is lost. */
  readonly destination?: LogDestination;
}

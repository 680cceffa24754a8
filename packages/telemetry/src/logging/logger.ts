/** Severities from the least to the most urgent; `silent` writes nothing. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

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

/** Where lines go: anything with `write`, called once a line, synchronously. */
export interface LogDestination {
  /** Takes one line that ends in a newline. */
  write(line: string): void;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Put on each line as `service`. */
  readonly serviceName: string;
  /** Least urgent level written. Default `info`. */
  readonly level?: LogLevel;
  /** More field names, or dotted paths, whose values are replaced by `[redacted]`; the defaults always stay. */
  readonly redact?: readonly string[];
  /** Where lines go. Default standard output, written synchronously so that no last line is lost. */
  readonly destination?: LogDestination;
}

/** Levels in order, for checking options. */
export const logLevels: readonly LogLevel[] = Object.freeze(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

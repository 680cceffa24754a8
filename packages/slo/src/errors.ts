/** Tells this family of errors from others, even when two copies of the package are installed. */
const brand = Symbol.for('@nines/slo.error');

/**
 * What went wrong. The list is closed: a new code is a minor version.
 *
 * - `UNKNOWN_OPTION`: an option that this function does not have, most often a slip of the keyboard.
 * - `INVALID_OPTION`: a required option is missing, two that exclude each other were given, or a value is out of its range.
 * - `INVALID_NUMBER`: text or a number that is not a plain decimal.
 * - `INVALID_DURATION`: a duration that is not of the form `30d`, `6h` or `1h30m`.
 * - `INVALID_OBJECTIVE`: an objective that leaves no error budget, or nothing but error budget.
 * - `INVALID_WINDOW`: windows that do not fit into each other: an alert that looks back further than the objective.
 * - `UNREACHABLE_ALERT`: an alert that not even a total outage would fire.
 * - `INVALID_PROMQL`: a selector or query that is not PromQL, or not of the kind that is needed.
 * - `INVALID_DOCUMENT`: a document with faults; `findings` lists each with its path and line.
 * - `OBJECTIVE_MISSED`: `assertSlo`: the samples show that the objective is missed.
 * - `INCONCLUSIVE`: `assertSlo`: the samples are too few to tell.
 * - `INVALID_HISTORY`: a recorded answer that is no matrix of counters, is empty, or has readings off its grid.
 * - `PROMETHEUS_FAILED`: a Prometheus did not answer in time, or refused; the only code that is worth another try.
 * - `INVALID_RULES`: generated rules that their target would refuse; `findings` lists why.
 */
export type SloErrorCode =
  | 'INCONCLUSIVE'
  | 'INVALID_DOCUMENT'
  | 'INVALID_DURATION'
  | 'INVALID_HISTORY'
  | 'INVALID_NUMBER'
  | 'INVALID_OBJECTIVE'
  | 'INVALID_OPTION'
  | 'INVALID_PROMQL'
  | 'INVALID_RULES'
  | 'INVALID_WINDOW'
  | 'OBJECTIVE_MISSED'
  | 'PROMETHEUS_FAILED'
  | 'UNKNOWN_OPTION'
  | 'UNREACHABLE_ALERT';

/** One fault of a document or of generated rules. */
export interface Finding {
  /** Which fault it is, for example `unknown-key`. */
  readonly code: string;
  /** Where in the document: `spec.objectives[0].target`. */
  readonly path: string;
  /** The line in the text, from 1, where there is a text. */
  readonly line?: number;
  /** What came, and what is allowed. */
  readonly message: string;
}

/**
 * The one error of this package: the caller passed something that has no answer.
 * Only questions to a Prometheus do I/O: all else fails the same way again, and `retryable` says so.
 *
 * @example
 * ```ts
 * import { SloError, rolling } from '@nines/slo';
 *
 * try {
 *   rolling('a month');
 * } catch (error) {
 *   if (error instanceof SloError) console.log(error.code); // INVALID_DURATION
 * }
 * ```
 */
export class SloError extends Error {
  override readonly name = 'SloError';
  /** Which fault it is. */
  readonly code: SloErrorCode;
  /** True only for `PROMETHEUS_FAILED`: any other call gets the same answer when it is repeated. */
  readonly retryable: boolean;
  /** Each fault of a document, with its path and line; empty for other errors. */
  readonly findings: readonly Finding[];

  /**
   * @param code - which fault it is
   * @param message - names the option, what is allowed, and what came
   * @param options - `cause`, where another error lies behind this one; `findings`, the faults of a document
   */
  constructor(code: SloErrorCode, message: string, options?: { readonly cause?: unknown; readonly findings?: readonly Finding[] }) {
    super(message, options?.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryable = code === 'PROMETHEUS_FAILED';
    this.findings = Object.freeze([...(options?.findings ?? [])]);
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for an `SloError` of any installed copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isSloError(value);
  }
}

/**
 * Whether a caught value is an error of this package, in whichever installed copy.
 *
 * @example
 * ```ts
 * import { isSloError } from '@nines/slo';
 *
 * console.log(isSloError(new Error('other'))); // false
 * ```
 */
export function isSloError(value: unknown): value is SloError {
  return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
}

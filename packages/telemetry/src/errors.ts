/** Why a call of this package failed. */
export type TelemetryErrorCode = 'INVALID_OPTION' | 'PROBE_LISTEN_FAILED' | 'METRIC_CONFLICT';

const brand: symbol = Symbol.for('@nines/telemetry.error');

/**
 * The one error class of this package. Recognise it with {@link isTelemetryError}, which also works across two installed copies.
 *
 * @example
 * ```ts
 * import { isTelemetryError, startTelemetry } from '@nines/telemetry';
 * try {
 *   await startTelemetry({ serviceName: '' });
 * } catch (error) {
 *   console.log(isTelemetryError(error) && error.code); // INVALID_OPTION
 * }
 * ```
 */
export class TelemetryError extends Error {
  override readonly name: string = 'TelemetryError';
  /** What went wrong, from a closed list. */
  readonly code: TelemetryErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;

  constructor(code: TelemetryErrorCode, message: string, options: { readonly cause?: unknown; readonly retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Whether `error` was made by this package, in whichever installed copy.
 *
 * @example
 * ```ts
 * import { isTelemetryError } from '@nines/telemetry';
 * console.log(isTelemetryError(new Error('no'))); // false
 * ```
 */
export function isTelemetryError(error: unknown): error is TelemetryError {
  return typeof error === 'object' && error !== null && brand in error;
}

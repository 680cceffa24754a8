export { isResilienceError, ResilienceError } from './errors.ts';
export type { ResilienceErrorCode, ResilienceErrorDetails } from './errors.ts';
export type { AttemptRecord, Classification, ErrorOutcome, Outcome, OutcomeKind, RawOutcome, ValueOutcome } from './outcome.ts';
export { checkOption, functionOption, MAX_TIMER_MS, oneOf, optional, ratio, resolveOptions, wholeNumber } from './options.ts';
export type { OptionCheck } from './options.ts';
export { exponential, fixed, retryAfter } from './backoff.ts';
export type { Backoff, ExponentialOptions, Jitter, RetryAfterOptions } from './backoff.ts';

export { exponential, fixed, retryAfter } from './backoff.ts';
export type { Backoff, ExponentialOptions, Jitter, RetryAfterOptions } from './backoff.ts';
export { classifyErrors, http } from './classify.ts';
export type { Classify, Judgement } from './classify.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export type { CallContext, Fork, PolicyContext } from './context.ts';
export { deadline } from './deadline.ts';
export type { DeadlineOptions } from './deadline.ts';
export { isResilienceError, ResilienceError } from './errors.ts';
export type { ResilienceErrorCode, ResilienceErrorDetails } from './errors.ts';
export type {
  AttemptEvent,
  AttemptInfo,
  BreakerState,
  CallEvent,
  Observer,
  PipelineEvent,
  PipelineView,
  RejectionEvent,
  RetryEvent,
  TransitionEvent,
} from './events.ts';
export type { AttemptRecord, Classification, ErrorOutcome, Outcome, OutcomeKind, RawOutcome, ValueOutcome } from './outcome.ts';
export { checkOption, functionOption, MAX_TIMER_MS, objectOption, oneOf, optional, ratio, resolveOptions, wholeNumber } from './options.ts';
export type { OptionCheck } from './options.ts';
export { pipeline } from './pipeline.ts';
export type { ExecuteOptions, Pipeline, PipelineDescription, PipelineOptions, PipelineSnapshot } from './pipeline.ts';
export type { BoundPolicy, Next, Policy, PolicyHost, PolicyKind, PolicySnapshot } from './policy.ts';
export { timeout } from './timeout.ts';
export type { TimeoutOptions } from './timeout.ts';

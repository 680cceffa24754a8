export { exponential, fixed, retryAfter } from './backoff.ts';
export type { Backoff, ExponentialOptions, Jitter, RetryAfterOptions } from './backoff.ts';
export { bulkhead } from './bulkhead.ts';
export type { BulkheadOptions } from './bulkhead.ts';
export { fallback } from './fallback.ts';
export type { FallbackHandler, FallbackReason } from './fallback.ts';
export type { BreakerSettings, BreakerWindow } from './breaker.ts';
export { circuitBreaker } from './circuit-breaker.ts';
export type { BreakerWindowOptions, CircuitBreakerOptions, HalfOpenOptions } from './circuit-breaker.ts';
export { classifyErrors, http } from './classify.ts';
export type { Classify, Judgement } from './classify.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export type { CallContext, Fork, ForkChanges, PolicyContext } from './policy-context.ts';
export { deadline } from './deadline.ts';
export type { DeadlineOptions } from './deadline.ts';
export { isResilienceError, ResilienceError } from './errors.ts';
export type { ResilienceErrorCode, ResilienceErrorDetails } from './errors.ts';
export type {
  AttemptEvent,
  AttemptInfo,
  BreakerState,
  CallEvent,
  InjectionEvent,
  LimiterSnapshot,
  Observer,
  PipelineEvent,
  PipelineView,
  PolicySnapshot,
  RejectionReason,
  RejectionEvent,
  RetryEvent,
  TransitionEvent,
} from './events.ts';
export { breakerPolicy } from './keyed-breakers.ts';
export type { BreakerDefinition } from './keyed-breakers.ts';
export type { AttemptRecord, Classification, ErrorOutcome, Outcome, OutcomeKind, RawOutcome, ValueOutcome } from './outcome.ts';
export {
  booleanOption,
  checkOption,
  functionOption,
  MAX_TIMER_MS,
  numberFrom,
  objectOption,
  oneOf,
  optional,
  ratio,
  resolveOptions,
  wholeNumber,
} from './options.ts';
export type { OptionCheck } from './options.ts';
export { pipeline } from './pipeline.ts';
export type { ExecuteOptions, Pipeline, PipelineDescription, PipelineOptions, PipelineSnapshot } from './pipeline.ts';
export type { BoundPolicy, BreakerControl, Done, Next, Policy, PolicyHost, PolicyKind, Step } from './policy.ts';
export { retry } from './retry.ts';
export type { RetryOptions } from './retry.ts';
export { retryBudget } from './retry-budget.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry-budget.ts';
export { CRITICALITIES, grpcTimeout } from './propagation.ts';
export type { Criticality } from './propagation.ts';
export { timeout } from './timeout.ts';
export type { TimeoutOptions } from './timeout.ts';

export { exponential, fixed, retryAfter } from '@nines/resilience';
export type { Backoff } from '@nines/resilience';
export type { Clock } from './clock.ts';
export { createConsumer, type Consumer, type ConsumerOptions, type ConsumerSettings, type StopResult } from './consumer.ts';
export type { Deduplicate } from './deduplicate.ts';
export type { ConsumerEvents } from './consumer-events.ts';
export { defineQueue, keepResults, type Queue, type QueueDefinition, type QueueOf } from './define.ts';
export type { EnqueueOptions } from './enqueue-options.ts';
export { isQueueError, QueueError, type QueueErrorCode, type QueueErrorDetails } from './errors.ts';
export { createInspector, type CancelAnswer, type Cancellation, type Inspector, type InspectorOptions } from './inspector.ts';
export type { JobEvents } from './job-events.ts';
export type { JobSnapshot } from './job-snapshot.ts';
export type { AttemptOutcome, QueueMetrics } from './metrics.ts';
export type { Backend, StoreFactory } from './open-store.ts';
export type { BodyCodec, Durability, FailureVerdict, QueueOptions, ResolvedQueueOptions, ResultRetention, Retention } from './options.ts';
export { DeadLetterError, RetryLaterError, type DeadReason } from './outcome.ts';
export { createProducer, type Producer, type ProducerOptions, type ProducerSettings, type WaitOptions } from './producer.ts';
export { createEvents, type EventsOptions, type QueueEventMap, type QueueEvents } from './queue-events.ts';
export type { RedisClient } from './redis/connection.ts';
export type { Handler, Job, JobContext } from './runner.ts';
export type { SchemaInput, SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './schema.ts';
export type {
  CancelOutcome,
  ClaimedJob,
  DeadLetters,
  EnqueueReply,
  EnqueueVerdict,
  ExchangeReply,
  ExchangeRequest,
  FollowUp,
  JobCounts,
  JobNews,
  JobState,
  NewJob,
  Settlement,
  Store,
  StoredJob,
  StoredOutcome,
} from './store.ts';
export type { EnqueueResult } from './coalescer.ts';

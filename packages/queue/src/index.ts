export { exponential, fixed, retryAfter } from '@nines/resilience';
export type { Backoff } from '@nines/resilience';
export { createBatchConsumer, type BatchConsumerOptions, type BatchConsumerSettings } from './batch-consumer.ts';
export type { BatchHandler, BatchJob, BatchOutcomes } from './batches.ts';
export type { Clock } from './clock.ts';
export { createConsumer, type Consumer, type ConsumerOptions, type ConsumerSettings, type StopResult } from './consumer.ts';
export type { ConsumerEvents } from './consumer-events.ts';
export type { DeadLetterFilter } from './dead/filter.ts';
export { parseDeadLetterFilter } from './dead/parse-filter.ts';
export type { DeadLetterPage, DeadLetterQuery } from './dead/query.ts';
export type { BulkOptions, BulkProgress, BulkResult } from './dead/take.ts';
export type { ImportOptions, ImportProgress, ImportResult, Lines } from './dead/transfer.ts';
export type { DeadLetterVerbs } from './dead/verbs.ts';
export type { Deduplicate } from './deduplicate.ts';
export { defineQueue, keepResults, type Queue, type QueueDefinition, type QueueOf } from './define.ts';
export type { EnqueueOptions } from './enqueue-options.ts';
export { isQueueError, QueueError, type QueueErrorCode, type QueueErrorDetails } from './errors.ts';
export { createInspector, type CancelAnswer, type Cancellation, type Inspector, type InspectorOptions } from './inspector.ts';
export type { JobEvents } from './job-events.ts';
export type { JobSnapshot } from './job-snapshot.ts';
export type { AttemptOutcome, QueueMetrics } from './metrics.ts';
export { openStores, type Backend, type StoreFactory } from './open-store.ts';
export type {
  BodyCodec,
  Durability,
  FailureVerdict,
  QueueOptions,
  RateLimit,
  ResolvedQueueOptions,
  ResultRetention,
  Retention,
} from './options.ts';
export { DeadLetterError, RetryLaterError, type DeadReason } from './outcome.ts';
export { createProducer, type Producer, type ProducerOptions, type ProducerSettings, type WaitOptions } from './producer.ts';
export { createEvents, type EventsOptions, type QueueEventMap, type QueueEvents } from './queue-events.ts';
export type { Place } from './place.ts';
export type { RedisClient } from './redis/connection.ts';
export type { BatchContext } from './running-batch.ts';
export type { Handler, Job, JobContext } from './runner.ts';
export type { DueReply, ScheduleStore, StoredSchedule, Tick, TickVerdict, UpsertReply } from './schedule-store.ts';
export type { SchemaInput, SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './schema.ts';
export type {
  CancelOutcome,
  ClaimedJob,
  DeadCursor,
  DeadLetter,
  DeadLetters,
  DeadPage,
  EnqueueReply,
  EnqueueVerdict,
  ExchangeReply,
  ExchangeRequest,
  FollowUp,
  JobCounts,
  JobNews,
  JobState,
  NewDeadLetter,
  NewJob,
  Settlement,
  Store,
  StoredJob,
  StoredOutcome,
} from './store.ts';
export type { EnqueueResult } from './coalescer.ts';

import type { Span } from '@opentelemetry/api';
import type { Queue } from './define.ts';
import { resolveEnqueueOptions, type EnqueueOptions } from './enqueue-options.ts';
import { digestOf, encodeEnvelope } from './envelope.ts';
import type { NewJob } from './store.ts';
import { carry, startSend, type ServerAddress } from './tracing.ts';

/** A job that starts later than this begins a trace of its own: few tools show one that is hours long. */
const SAME_TRACE_MS_MAX = 60_000;

/**
 * Makes a job, and the span that sends it.
 *
 * @throws {QueueError} `INVALID_OPTION`, `DEADLINE_EXCEEDED`.
 */
export function newJob(
  queue: Queue<unknown>,
  body: Buffer,
  options: EnqueueOptions,
  id: string,
  server: ServerAddress | undefined,
): { readonly job: NewJob; readonly span: Span } {
  const { delayMs, deadlineMs, place } = resolveEnqueueOptions(queue.name, options);
  const span = startSend({ queue: queue.name, partition: queue.options.partition, server }, id);
  const { deduplicate } = options;
  const digest = options.id === undefined && deduplicate === undefined ? undefined : digestOf(body);
  const envelope = encodeEnvelope({ ...carry(span), digest, deadlineMs, linked: delayMs > SAME_TRACE_MS_MAX, body });
  const job = { id, delayMs, fresh: options.id === undefined, envelope, place };
  return { job: deduplicate === undefined ? job : { ...job, deduplicate }, span };
}

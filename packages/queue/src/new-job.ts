import type { Span } from '@opentelemetry/api';
import type { Queue } from './define.ts';
import { resolveEnqueueOptions, type EnqueueOptions } from './enqueue-options.ts';
import { digestOf, encodeEnvelope } from './envelope.ts';
import type { NewJob } from './store.ts';
import { carry, startSend } from './tracing.ts';

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
): { readonly job: NewJob; readonly span: Span } {
  const { delayMs, deadlineMs } = resolveEnqueueOptions(queue.name, options);
  const span = startSend(queue.name, id);
  const envelope = encodeEnvelope({ ...carry(span), digest: options.id === undefined ? undefined : digestOf(body), deadlineMs, body });
  return { job: { id, delayMs, fresh: options.id === undefined, envelope }, span };
}

import type { Span } from '@opentelemetry/api';
import { encodeBody } from './codec.ts';
import type { Queue } from './define.ts';
import { resolveEnqueueOptions, type EnqueueOptions } from './enqueue-options.ts';
import { encodeEnvelope } from './envelope.ts';
import type { NewJob } from './store.ts';
import { carry, startSend } from './tracing.ts';

/**
 * Makes the job of a payload that its schema has accepted, and the span that sends it.
 *
 * @throws {QueueError} `PAYLOAD_TOO_LARGE`, `PAYLOAD_NOT_SERIALISABLE`, `INVALID_OPTION`, `DEADLINE_EXCEEDED`.
 */
export function newJob(
  queue: Queue<unknown>,
  payload: unknown,
  options: EnqueueOptions,
  id: string,
): { readonly job: NewJob; readonly span: Span } {
  const body = encodeBody(queue.name, payload, queue.options.maxBodyBytes);
  const { delayMs, deadlineMs } = resolveEnqueueOptions(queue.name, options);
  const span = startSend(queue.name, id);
  const envelope = encodeEnvelope({ ...carry(span), deadlineMs, body });
  return { job: { id, delayMs, fresh: options.id === undefined, envelope }, span };
}

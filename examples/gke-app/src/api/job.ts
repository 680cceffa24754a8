import type { Inspector, JobSnapshot } from '@nines/queue';
import type { Delivery } from '../queue.ts';
import { Problem } from '../http/problem.ts';

/** What may be told of a job: all but what is in it. */
export function describeJob({ id, payload, enqueuedAtMs, ...job }: JobSnapshot<Delivery>): object {
  const { state, failedAttempts, lastError = null, deadReason = null, traceId = null } = job;
  const { destination = null, type = null } = payload ?? {};
  return { id, state, destination, type, acceptedAt: new Date(enqueuedAtMs).toISOString(), failedAttempts, lastError, deadReason, traceId };
}

/** @throws {Problem} 404. */
export async function showJob(inspector: Inspector<Delivery>, id: string): Promise<object> {
  const job = isJobId(id) ? await inspector.get(id) : undefined;
  if (job === undefined) throw unknownJob();
  return describeJob(job);
}

/** Ids have at most 128 visible characters; what cannot be one is as absent as any other. */
export function isJobId(id: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(id);
}

export function unknownJob(): Problem {
  return new Problem(404, 'UNKNOWN_JOB', 'there is no such job, or it ended too long ago');
}

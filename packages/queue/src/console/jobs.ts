import type { Inspector, JobSnapshot } from '@nines/queue';
import type { Access } from './access.ts';
import { ConsoleRefusal } from './errors.ts';
import type { JobDetail, JobLine, JobPage } from './protocol.ts';
import { idOf, one, pageOf, stateOf } from './request-values.ts';

/** As much of a payload as a page shows. */
const PAYLOAD_LENGTH_MAX = 100_000;

/** The answer of `api/jobs`: jobs of one state, without payloads. */
export async function listJobs(inspector: Inspector<unknown>, query: URLSearchParams): Promise<JobPage> {
  const state = stateOf(query);
  const { skip, limit } = pageOf(query);
  // One more than is shown tells whether there is a next page.
  const found = await inspector.list(state, { skip, limit: limit + 1 });
  return { jobs: found.slice(0, limit).map(lineOf), skip, limit, more: found.length > limit };
}

/** The answer of `api/job`: one job, its payload only for those who may see payloads. */
export async function showJob(inspector: Inspector<unknown>, query: URLSearchParams, access: Access): Promise<JobDetail> {
  const id = idOf(one(query, 'id'));
  const job = await inspector.get(id);
  if (job === undefined) throw new ConsoleRefusal('CONSOLE_UNKNOWN_JOB', `there is no job ${id} (any more)`);
  if (!access.payloads) return { ...lineOf(job), payload: 'hidden' };
  // A payload was JSON once; only what cannot be read is undefined.
  const text = job.payload === undefined ? undefined : JSON.stringify(job.payload, null, 2);
  if (text === undefined) return { ...lineOf(job), payload: 'unreadable' };
  return {
    ...lineOf(job),
    payload: 'shown',
    payloadText: text.slice(0, PAYLOAD_LENGTH_MAX),
    payloadCut: text.length > PAYLOAD_LENGTH_MAX,
  };
}

/** Field by field, so that no payload slips through. */
function lineOf(job: JobSnapshot<unknown>): JobLine {
  const { id, state, failedAttempts, enqueuedAtMs, lastError, deadReason, deadlineAtMs, atMs, traceId } = job;
  return { id, state, failedAttempts, enqueuedAtMs, lastError, deadReason, deadlineAtMs, atMs, traceId };
}

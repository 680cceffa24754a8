import type { JobSnapshot } from '../job-snapshot.ts';
import { codecNote, type Body } from './body.ts';
import { momentOf, paint, visible, writeTable, type Terminal } from './terminal.ts';

/** A job as a value of JSON; its payload only where it was asked for, as `payload` or, where it is no JSON, as `payloadBase64`. */
export function jobJson({ payload, ...job }: JobSnapshot<Body>, withPayload: boolean): object {
  if (!withPayload || payload === undefined) return job;
  return 'json' in payload
    ? { ...job, payload: JSON.parse(payload.json) as unknown }
    : { ...job, payloadBase64: payload.base64, note: codecNote };
}

/** All that is known of a job, a line each. */
export function writeJob(terminal: Terminal, job: JobSnapshot<Body>, withPayload: boolean): void {
  const { state, atMs } = job;
  const lines: [string, string | undefined][] = [
    ['id', job.id],
    ['state', state],
    ['enqueued', job.enqueuedAtMs === 0 ? undefined : momentOf(job.enqueuedAtMs)],
    [state === 'delayed' ? 'due' : 'ended', atMs === undefined ? undefined : momentOf(atMs)],
    ['reason', job.deadReason],
    ['attempts', String(job.failedAttempts)],
    ['error', job.lastError],
    ['deadline', job.deadlineAtMs === undefined ? undefined : momentOf(job.deadlineAtMs)],
    ['trace', job.traceId],
  ];
  for (const [name, value] of lines) if (value !== undefined) terminal.out(`${name.padEnd(9)} ${visible(value)}`);
  if (withPayload) terminal.out(`payload   ${payloadText(terminal, job)}`);
}

/** Jobs as a table, each with its payload behind it where it was asked for. */
export function writeJobs(terminal: Terminal, jobs: readonly JobSnapshot<Body>[], withPayload: boolean): void {
  const head = ['ID', 'ENQUEUED', 'ENDED OR DUE', 'REASON', 'ATTEMPTS', ...(withPayload ? ['PAYLOAD'] : []), 'ERROR'];
  const rows = jobs.map((job) => [
    job.id,
    momentOf(job.enqueuedAtMs),
    momentOf(job.atMs),
    job.deadReason ?? '',
    String(job.failedAttempts),
    ...(withPayload ? [payloadText({ ...terminal, colours: false }, job)] : []),
    job.lastError ?? '',
  ]);
  writeTable(terminal, [head, ...rows]);
}

function payloadText(terminal: Terminal, { payload }: JobSnapshot<Body>): string {
  if (payload === undefined) return paint(terminal, 'yellow', '(cannot be read)');
  return 'json' in payload ? visible(payload.json) : `${payload.base64} ${paint(terminal, 'yellow', `(${codecNote})`)}`;
}

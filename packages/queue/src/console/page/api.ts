import type { Action, ActionReply, ActionRequest, ConsoleState, JobDetail, JobPage, Refusal, State } from '../protocol.ts';

/** A request that was refused or not answered; `code` is UNREACHABLE where nobody answered. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function getState(): Promise<ConsoleState> {
  return call('api/state', { method: 'GET' });
}

export function getJobs(queue: string, state: State, skip: number, limit: number): Promise<JobPage> {
  return call(`api/jobs?${query({ queue, state, skip: String(skip), limit: String(limit) })}`, { method: 'GET' });
}

export function getJob(queue: string, id: string): Promise<JobDetail> {
  return call(`api/job?${query({ queue, id })}`, { method: 'GET' });
}

export function post(action: Action, request: ActionRequest): Promise<ActionReply> {
  return call(`api/${action}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
}

function query(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(values).toString();
}

/** Paths are relative to the page, so that the console works wherever it is mounted. */
async function call<Reply>(path: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin' }).catch(() => undefined);
  if (response === undefined) throw new ApiError('UNREACHABLE', 'the console does not answer');
  const reply = (await response.json().catch(() => undefined)) as Reply | Refusal | undefined;
  if (response.ok && reply !== undefined) return reply as Reply;
  const refusal = (reply as Refusal | undefined)?.error;
  throw new ApiError(refusal?.code ?? 'UNREACHABLE', refusal?.message ?? `the console answers with status ${response.status}`);
}

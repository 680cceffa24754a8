import type { Refusal, SwitchView, TraceFilter, TraceLine, TraceView } from '../protocol.ts';

export function setSwitch(id: string, on: boolean): Promise<{ readonly switches: readonly SwitchView[] }> {
  return call('/api/switch', post({ id, on }));
}

export function redriveOne(id: string): Promise<{ readonly redriven: number }> {
  return call('/api/redrive', post({ id }));
}

export function redriveAll(): Promise<{ readonly redriven: number }> {
  return call('/api/redrive', post({ all: true }));
}

export function recentTraces(filter: TraceFilter): Promise<readonly TraceLine[]> {
  return call(`/api/traces?show=${filter}`);
}

export function oneTrace(traceId: string): Promise<TraceView> {
  return call(`/api/trace?id=${encodeURIComponent(traceId)}`);
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** @throws Error whose message can be shown. */
async function call<Reply>(path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(path, { ...init, credentials: 'same-origin' }).catch(() => undefined);
  if (response === undefined) throw new Error('the console does not answer');
  const reply = (await response.json().catch(() => undefined)) as Reply | Refusal | undefined;
  if (response.ok && reply !== undefined) return reply as Reply;
  throw new Error((reply as Refusal | undefined)?.error ?? `the console answers with status ${response.status}`);
}

/** What to say of an error. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

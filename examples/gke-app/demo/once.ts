import { lastWords, type Child } from './child.ts';
import type { System } from './system.ts';
import { drawTree, missingStep, readTrace, type SpanLine } from './trace.ts';

export interface OnceResult {
  readonly id: string;
  readonly state: string;
  readonly traceId: string;
  readonly sha256: string;
  readonly spans: readonly SpanLine[];
  /** The log line of each service about this event, as it was written. */
  readonly logs: Readonly<Record<'api' | 'worker', string>>;
}

interface Accepted {
  readonly id: string;
  readonly statusUrl: string;
}

/**
 * Sends one event and follows it to the end: accepted, delivered, completed, and the trace that all this is one of.
 * Stops the system on the way: a worker that has stopped in order has settled its job, and a process that has ended has
 * written its spans. So nothing has to be waited for by the clock.
 *
 * @throws Error that says what is missing.
 */
export async function runOnce(system: System, tracesFile: string, say: (line: string) => void): Promise<OnceResult> {
  const { id, statusUrl } = await post(system.apiUrl);
  say(`accepted   ${id}`);
  const received = await system.receiver.line(({ fields }) => fields['jobId'] === id && fields['answer'] === 204);
  say(`delivered  sha256 ${String(received.fields['sha256'])}, signature ${String(received.fields['signature'])}`);
  for (const worker of system.workers) await orderly(worker);
  const job = (await (await fetch(`${system.apiUrl}${statusUrl}`)).json()) as { state: string; traceId: string | null };
  say(`settled    GET ${statusUrl} says ${job.state}`);
  if (job.state !== 'completed' || job.traceId === null) throw new Error(`the job is not completed: ${JSON.stringify(job)}`);
  await orderly(system.api);
  await orderly(system.receiver);
  const { traceId, state } = job;
  const spans = readTrace(tracesFile, traceId);
  const missing = missingStep(spans);
  if (missing !== undefined) throw new Error(`the trace ${traceId} lacks ${missing}:\n${drawTree(spans).join('\n')}`);
  const logs = { api: lineOf(system.api, id, traceId), worker: lineOf(system.workers[0], id, traceId) };
  return { id, state, traceId, sha256: String(received.fields['sha256']), spans, logs };
}

async function post(apiUrl: string): Promise<Accepted> {
  const event = { destination: 'receiver', type: 'order.placed', data: { order: 'A-1', items: [{ sku: 'tea', quantity: 2 }] } };
  const response = await fetch(`${apiUrl}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  if (response.status === 202) return (await response.json()) as Accepted;
  throw new Error(`POST /process was answered ${response.status}: ${await response.text()}`);
}

async function orderly(child: Child): Promise<void> {
  const { code, signal } = await child.stop();
  if (code !== 0) throw new Error(`${child.name} did not stop in order (${signal ?? code}). ${lastWords(child.lines)}`);
}

function lineOf(child: Child | undefined, jobId: string, traceId: string): string {
  const line = child?.lines.find(({ fields }) => fields['jobId'] === jobId && fields['trace_id'] === traceId);
  if (line === undefined) throw new Error(`no log line of ${child?.name} carries trace_id ${traceId}`);
  return line.text;
}

/** The result for people. */
export function tell({ traceId, spans, logs }: OnceResult, say: (line: string) => void): void {
  say(`\ntrace ${traceId}, ${new Set(spans.map(({ service }) => service)).size} processes`);
  for (const row of drawTree(spans)) say(`  ${row}`);
  say('\nthe log lines with this trace id');
  for (const line of Object.values(logs)) say(`  ${line}`);
}

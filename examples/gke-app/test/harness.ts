import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, on, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { Child, LogLine } from '../demo/child.ts';
import { startSystem, type System, type SystemOptions } from '../demo/system.ts';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

/** A system of the test's own: its queue is shared with no other test, and nothing of it outlives the test. */
export async function testSystem(options: Omit<SystemOptions, 'secret'> & { readonly secret?: string }): Promise<System> {
  const env = { QUEUE_NAMESPACE: `test-${randomUUID()}`, LEASE_MS: '1000', RETRY_MIN_MS: '50', RETRY_MAX_MS: '500', ...options.env };
  const system = await startSystem({ secret: newSecret(), ...options, env });
  onTestFinished(() => system.stop('SIGKILL'));
  return system;
}

export async function setFaults({ receiverUrl }: System, faults: object): Promise<void> {
  const response = await fetch(`${receiverUrl}/__faults`, { method: 'POST', body: JSON.stringify(faults) });
  if (response.status !== 200) throw new Error(await response.text());
}

/** Posts one event; gives its id, or undefined when it was not accepted. */
export async function postEvent(apiUrl: string, data: unknown): Promise<string | undefined> {
  const response = await fetch(`${apiUrl}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ destination: 'receiver', type: 'test.event', data }),
  });
  const { id } = (await response.json()) as { id?: string };
  return response.status === 202 ? id : undefined;
}

export function isReceived({ fields }: LogLine, answer: unknown = 204): boolean {
  return fields['msg'] === 'received' && fields['answer'] === answer;
}

/** The ids of the events that the receiver has taken, repetitions included. */
export function deliveredIds(receiver: Child): string[] {
  return receiver.lines.filter((line) => isReceived(line)).map(({ fields }) => String(fields['jobId']));
}

/** Resolves once the receiver has taken each of the events. */
export async function allDelivered(receiver: Child, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => receiver.line((line) => isReceived(line) && line.fields['jobId'] === id)));
}

export async function jobState({ apiUrl }: System, id: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${apiUrl}/jobs/${id}`)).json()) as Record<string, unknown>;
}

/** The value of one series at a process's `/metrics`; undefined when there is none. */
export async function metric(system: System, child: Child, series: RegExp): Promise<number | undefined> {
  const text = await (await fetch(`${system.probesUrl(child)}/metrics`)).text();
  const line = text.split('\n').find((one) => series.test(one));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

export interface Delivered {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
}

export interface Endpoint {
  readonly url: string;
  /** The next event, here already or yet to come. */
  next(): Promise<Delivered>;
  close(): void;
}

/** An endpoint as a visitor of the demo may have one. */
export async function visitorsEndpoint(): Promise<Endpoint> {
  const events = new EventEmitter();
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    response.end('thanks');
    events.emit('delivered', { body, headers: request.headers });
  };
  const server = createServer((request, response) => void receive(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const delivered = on(events, 'delivered') as AsyncIterator<[Delivered]>;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/my/hooks`,
    next: async () => ((await delivered.next()).value as [Delivered])[0],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const run = promisify(execFile);

/** Runs a line of the README as a shell would, at the root of the repository. */
export async function shell(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run('/bin/sh', ['-c', command], { cwd: root, env: { ...process.env, ...env } });
  return stdout;
}

export interface Problem {
  readonly status: number;
  readonly code: unknown;
  readonly detail: string;
  readonly headers: Headers;
}

/** A refusal; every one has the same shape. */
export async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const body = (await response.json()) as { code: string; detail: string };
  expect(body).toEqual({
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: expect.stringMatching(/./) as string,
    code: body.code,
  });
  return { status: response.status, code: body.code, detail: body.detail, headers: response.headers };
}

import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
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

/** An endpoint as a visitor of the demo may have one. */
export async function visitorsEndpoint(): Promise<{ readonly url: string; next(): Promise<Delivered> }> {
  const waiting: ((delivered: Delivered) => void)[] = [];
  const arrived: Delivered[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      response.end('thanks');
      const delivered = { body, headers: request.headers as Record<string, string> };
      const take = waiting.shift();
      return take === undefined ? arrived.push(delivered) : take(delivered);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/my/hooks`,
    next: () =>
      new Promise((resolve) => {
        const delivered = arrived.shift();
        if (delivered === undefined) waiting.push(resolve);
        else resolve(delivered);
      }),
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

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import { unicodeDocument } from '../events/unicode.ts';
import { isReceived, jobState, newSecret, root, setFaults, shell, visitorsEndpoint, type Endpoint } from './harness.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const commands = readme.split('\n').filter((line) => line.startsWith('curl '));
const posts = commands.filter((command) => command.includes('/process'));
const secret = newSecret();

/** What `curl -i` prints: the last head (a `100 Continue` may come before it) and the body. */
function parseAnswer(output: string): { readonly status: number; readonly head: string; readonly body: Record<string, string> } {
  const parts = output.split('\r\n\r\n');
  const head = parts.at(-2) ?? '';
  return { status: Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1]), head, body: JSON.parse(parts.at(-1) ?? '') as Record<string, string> };
}

async function post(system: System, command: string): Promise<string> {
  const { status, head, body } = parseAnswer(await shell(command, { API: system.apiUrl }));
  expect(status).toBe(202);
  expect(body).toEqual({ id: body['id'], statusUrl: `/jobs/${body['id']}` });
  expect(head).toMatch(new RegExp(`^location: /jobs/${body['id']}$`, 'im'));
  return body['id'] ?? '';
}

let visitor: Endpoint;
let system: System;
beforeAll(async () => {
  visitor = await visitorsEndpoint();
  const env = { QUEUE_NAMESPACE: `inputs-${process.pid}` };
  system = await startSystem({ redisUrl: inject('redisUrl'), secret, destinations: `mine=${visitor.url}`, env });
  return async () => {
    await system.stop('SIGKILL');
    visitor.close();
  };
});

test('the README shows each of the real inputs, and the big one is what its generator makes', () => {
  const named = posts.map((command) => /events\/([\w-]+\.json)/.exec(command)?.[1]);
  expect(named).toEqual(['github-push.json', 'cloudevent.json', 'unicode.json', undefined, undefined, 'github-push.json']);
  const unicode = readFileSync(new URL('../events/unicode.json', import.meta.url), 'utf8');
  expect(unicode).toBe(unicodeDocument());
  expect(Buffer.byteLength(unicode)).toBeGreaterThanOrEqual(200_000);
});

/** The posts of a file, and what they send. */
const files = posts.flatMap((command) => {
  const path = /--data-binary @(\S+)/.exec(command)?.[1];
  return path === undefined
    ? []
    : [{ command, contentType: /Content-Type: ([^']+)/.exec(command)?.[1], sent: readFileSync(join(root, path)) }];
});

test('the curl commands of the README deliver each file to the receiver, unchanged and signed', async () => {
  const toReceiver = files.filter(({ command }) => command.includes('destination=receiver'));
  expect(toReceiver).toHaveLength(3);
  for (const { command, contentType, sent } of toReceiver) {
    const id = await post(system, command);
    const { fields } = await system.receiver.line((line) => isReceived(line) && line.fields['jobId'] === id);
    expect(fields).toMatchObject({ signature: 'valid', headers: { 'webhook-id': id, 'content-type': contentType } });
    expect(fields['sha256']).toBe(createHash('sha256').update(sent).digest('hex'));
    expect(new Webhook(secret).verify(sent, fields['headers'] as Record<string, string>)).toEqual(JSON.parse(sent.toString()));
  }
});

test('the same files arrive, unchanged and signed, at an endpoint that the visitor has named', async () => {
  expect(files.some(({ command }) => command.includes('destination=mine'))).toBe(true);
  for (const { command, contentType, sent } of files) {
    const id = await post(system, command.replace('destination=receiver', 'destination=mine'));
    const { body, headers } = await visitor.next();
    expect(body.equals(sent)).toBe(true);
    expect(headers).toMatchObject({ 'webhook-id': id, 'content-type': contentType });
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(sent.toString()));
  }
});

test('an event in the envelope goes out as type, timestamp and data', async () => {
  const envelope = posts.find((command) => command.includes('"destination": "receiver"'))?.replace('"receiver"', '"mine"') ?? '';
  await post(system, envelope);
  const { body, headers } = await visitor.next();
  const event = new Webhook(secret).verify(body, headers) as { timestamp: string };
  expect(event).toEqual({ type: 'order.placed', timestamp: new Date(event.timestamp).toISOString(), data: { order: 'A-1' } });
});

test('the README’s other commands do what they say: each fault is taken, and a job is shown', async () => {
  const id = await post(system, posts[0] ?? '');
  await system.workers[0]?.line(({ fields }) => fields['msg'] === 'delivered' && fields['jobId'] === id);
  const run = async (command: string) =>
    JSON.parse(await shell(command, { API: system.apiUrl, RECEIVER: system.receiverUrl, ID: id })) as object;
  const faults = commands.filter((command) => command.includes('__faults'));
  expect(faults).toHaveLength(6);
  for (const command of faults) {
    expect(await run(command)).toMatchObject({ faults: JSON.parse(/--data '([^']+)'/.exec(command)?.[1] ?? '') as object });
  }
  const asked = await run(commands.find((command) => command.includes('/jobs/')) ?? '');
  expect(asked).toMatchObject({ id, destination: 'receiver', type: 'github.push', failedAttempts: 0 });
  await setFaults(system, { mode: 'none' });
  // Settled for certain: a worker that has stopped in order has no open job. So this test is the last of the file.
  expect(await system.workers[0]?.stop()).toEqual({ code: 0, signal: null });
  const job = await jobState(system, id);
  expect(job).toMatchObject({ state: 'completed', lastError: null, traceId: expect.stringMatching(/^[\da-f]{32}$/) as string });
  expect(JSON.stringify(job)).not.toContain('harbour');
});

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startChild, type Child } from '../demo/child.ts';
import { expectedPath, type SpanLine } from '../demo/trace.ts';

const main = new URL('../demo/main.ts', import.meta.url);

/** The demo as `npm run demo -- …` starts it. */
function demo(args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const own = { REDIS_URL: inject('redisUrl'), QUEUE_NAMESPACE: `test-${randomUUID()}`, DESTINATIONS: '', WEBHOOK_SECRET: '' };
  const child = startChild('demo', main, { ...own, ...env }, args);
  onTestFinished(() => void child.stop('SIGKILL'));
  return child;
}

function text({ lines }: Child): string {
  return lines.map((line) => line.text).join('\n');
}

test('demo --once shows one event as one trace over three processes, with the log lines that carry its id', async () => {
  const child = demo(['--once']);
  expect(await child.ended).toEqual({ code: 0, signal: null });
  const traceId = /^trace ([\da-f]{32}), 3 processes$/m.exec(text(child))?.[1] ?? '';
  const tree = child.lines.filter(({ text: row }) => row.endsWith(' ms')).map(({ text: row }) => row.trim().split(/\s{2,}/));
  expect(tree.map(([name = '', service]) => [service, name.replace(/^└─ /, '')])).toEqual(expectedPath);
  const logs = child.lines.filter(({ fields }) => fields['trace_id'] !== undefined).map(({ fields }) => fields);
  expect(logs).toMatchObject([
    { service: 'api', trace_id: traceId, msg: 'accepted' },
    { service: 'worker', trace_id: traceId, msg: 'delivered' },
  ]);
});

test('demo --once --json prints the same as one JSON line: every span is the child of the one before', async () => {
  const child = demo(['--once', '--json']);
  expect(await child.ended).toEqual({ code: 0, signal: null });
  const result = child.lines.map(({ fields }) => fields).find((fields) => 'spans' in fields) as unknown as {
    traceId: string;
    state: string;
    spans: SpanLine[];
  };
  expect(result.state).toBe('completed');
  expect(result.spans.map(({ service, name }) => [service, name])).toEqual(expectedPath);
  expect(new Set(result.spans.map((span) => span.traceId))).toEqual(new Set([result.traceId]));
  expect(result.spans.map(({ parentSpanId }) => parentSpanId)).toEqual([
    undefined,
    ...result.spans.slice(0, -1).map(({ spanId }) => spanId),
  ]);
});

test('demo ends with 2 and one command when Redis does not answer, and with 2 for a wrong option', async () => {
  const away = demo(['--once'], { REDIS_URL: 'redis://127.0.0.1:1' });
  expect(await away.ended).toEqual({ code: 2, signal: null });
  expect(text(away)).toMatch(/127\.0\.0\.1:1, which does not answer\. Run this, then try again:\n {2}unset REDIS_URL/);
  const wrong = demo(['--rate', '0']);
  expect(await wrong.ended).toEqual({ code: 2, signal: null });
  expect(text(wrong)).toContain('--rate must be a whole number from 1 to 200, got 0');
});

test('demo says which service did not start, and why', async () => {
  const child = demo(['--once'], { CONCURRENCY: 'many' });
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(text(child)).toMatch(
    /"service":"worker".*"code":"INVALID_VARIABLE","msg":"CONCURRENCY must be a whole number from 1 to 1000, got /,
  );
});

/** A connection to each address that the running demo names; each ends when its process does. */
async function connections(child: Child): Promise<Socket[]> {
  await child.line((line) => /^accepted [1-9]\d* {2}delivered [1-9]/.test(line.text));
  const ports = [...text(child).matchAll(/http:\/\/127\.0\.0\.1:(\d+)(?=\/metrics|\/hooks|\/alerts| {3}POST)/g)].map(([, port]) =>
    Number(port),
  );
  const sockets = ports.map((port) => connect({ host: '127.0.0.1', port }).on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** Resolves once all are closed. A killed process resets what it had not accepted yet: `once` would reject then. */
async function allClosed(sockets: readonly Socket[]): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
  await Promise.all(closed);
}

test.each(['SIGINT', 'SIGKILL'] as const)('demo, ended by %s, leaves no process behind', async (signal) => {
  const child = demo(['--rate', '20', '--any-port']);
  const sockets = await connections(child);
  // api, receiver, and the probes of api and two workers; Prometheus where there is one
  expect(sockets).toHaveLength(onPath('prometheus') === undefined ? 5 : 6);
  const closed = allClosed(sockets);
  expect(await child.stop(signal)).toEqual(signal === 'SIGINT' ? { code: 0, signal: null } : { code: null, signal });
  await closed;
});

test('demo ends with 1, and takes the others along, when the api dies under it', async () => {
  const child = demo(['--rate', '20', '--any-port']);
  const sockets = await connections(child);
  const closed = allClosed(sockets);
  process.kill(Number(/api, pid (\d+)/.exec(text(child))?.[1]), 'SIGKILL');
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(text(child)).toContain('api ended unexpectedly (SIGKILL)');
  await closed;
});

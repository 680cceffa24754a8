import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { followChild, type Child } from '../demo/child.ts';
import type { Summary } from '../demo/live.ts';

const main = fileURLToPath(new URL('../demo/main.ts', import.meta.url));

/** The demo as `npm run demo -- …` starts it, and what is typed into it. */
function demo(args: readonly string[]): { readonly child: Child; readonly type: (line: string) => void } {
  const own = { REDIS_URL: inject('redisUrl'), QUEUE_NAMESPACE: `test-${randomUUID()}`, DESTINATIONS: '', WEBHOOK_SECRET: '' };
  const started: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    ['--conditions=@nines/source', main, '--any-port', ...args],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...own } },
  );
  const child = followChild('demo', started);
  onTestFinished(() => void child.stop('SIGKILL'));
  return { child, type: (line) => void started.stdin.write(`${line}\n`) };
}

const said = (child: Child, pattern: RegExp) => child.line(({ text }) => pattern.test(text));
const summaryOf = (child: Child) => child.lines.map(({ fields }) => fields).find((fields) => 'events' in fields) as unknown as Summary;

test('demo --duration --json ends by itself, and says as JSON that all that was accepted has been delivered', async () => {
  const { child } = demo(['--rate', '20', '--duration', '2', '--json']);
  expect(await child.ended).toEqual({ code: 0, signal: null });
  const { events, clock } = summaryOf(child);
  expect(events.accepted).toBeGreaterThanOrEqual(20);
  expect(events).toMatchObject({ sent: events.accepted, delivered: events.accepted, refused: 0, failedAttempts: 0, backlog: 0 });
  expect(clock).toContain('divided by 60');
});

test('demo starts another worker for one that was killed by its switch, and goes on', async () => {
  const { child, type } = demo(['--rate', '20']);
  await said(child, /^accepted [1-9]\d* {2}delivered [1-9]/);
  type('worker-kill');
  await said(child, /^broken {5}Kill a worker/);
  await said(child, /^workers {4}pid \d+$/);
  await said(child, /^workers {4}pid \d+, pid \d+$/);
  type('wrkr-kill');
  await said(child, /^no switch is called "wrkr-kill": receiver-500, /);
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
});

test('breaking the receiver by its switch makes a real Prometheus fire the delivery alert', async ({ skip }) => {
  if (onPath('prometheus') === undefined) skip('prometheus is missing: install the package prometheus of your system');
  const { child, type } = demo(['--rate', '20', '--json']);
  await said(child, /^accepted [1-9]\d* {2}delivered [1-9]/);
  type('receiver-resets');
  await said(child, /^ALERT {6}delivery page 1m fires/);
  type('receiver-resets');
  await said(child, /^mended {5}Receiver cuts the connection/);
  await said(child, /backlog 0 .*failed attempts [1-9]/);
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
  const { alerts, events } = summaryOf(child);
  expect(alerts).toContainEqual({ slo: 'delivery', severity: 'page', longWindow: '1m', firedAt: expect.any(String) as string });
  expect(alerts?.map(({ slo }) => slo)).not.toContain('availability');
  expect(events.failedAttempts).toBeGreaterThan(0);
});

test('Redis out of reach refuses events, and mended takes them again', async () => {
  const { child, type } = demo(['--rate', '20', '--json']);
  await said(child, /^accepted [1-9]\d* {2}delivered [1-9]/);
  type('redis-unreachable');
  await said(child, /refused [1-9]/);
  type('redis-unreachable');
  const { text } = await said(child, /^mended {5}Redis cannot be reached/);
  const after = child.lines.findIndex((line) => line.text === text);
  const accepted = (line: string) => Number(/^accepted (\d+)/.exec(line)?.[1] ?? 0);
  const before = Math.max(...child.lines.slice(0, after).map((line) => accepted(line.text)));
  await child.line((line) => accepted(line.text) > before + 40 && line.text.includes('backlog 0 '));
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
  const { events } = summaryOf(child);
  expect(events.refused).toBeGreaterThan(0);
  expect(events.delivered).toBe(events.accepted);
});

import { describe, expect, inject, onTestFinished, test } from 'vitest';
import * as beeQueueAfter from './bee-queue/after.ts';
import * as beeQueueBefore from './bee-queue/before.ts';
import * as bullmqAfter from './bullmq/after.ts';
import * as bullmqBefore from './bullmq/before.ts';
import { TestMailer } from './mailer.ts';
import type { Service, Setting } from './service.ts';

/** A reminder is later than all that a test does before it; this is also what every test with one takes. */
const REMINDER_MS = 400;
const to = 'ada@example.com';
let serial = 0;

const forms = [
  ['BullMQ, before', bullmqBefore],
  ['BullMQ, after', bullmqAfter],
  ['bee-queue, before', beeQueueBefore],
  ['bee-queue, after', beeQueueAfter],
] as const;

function setting(mailer: TestMailer, reminderMs: number): Setting {
  const reported: Error[] = [];
  // Of a Redis without persistence, as that of the tests is, Nines tells at the start.
  onTestFinished(() => expect(reported.filter(({ message }) => !message.includes('append-only'))).toEqual([]));
  const name = `migration-${process.pid}-${(serial += 1)}`;
  return { redisUrl: inject('redisUrl'), name, reminderMs, mailer, report: (error) => void reported.push(error) };
}

async function post(service: Service, path: string, body: unknown = {}): Promise<void> {
  const response = await fetch(`${service.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect({ status: response.status, text: response.ok ? '' : await response.text() }).toEqual({ status: 200, text: '' });
}

async function failed(service: Service): Promise<{ mail: unknown; reason: string }[]> {
  return (await (await fetch(`${service.url}/failed`)).json()) as { mail: unknown; reason: string }[];
}

describe.for(forms)('%s', ([, { startService }]) => {
  async function start(options: Setting): Promise<{ service: Service; stop: () => Promise<void> }> {
    const service = await startService(options);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= service.stop());
    onTestFinished(stop);
    return { service, stop };
  }

  test('a sign-up that is posted twice sends one welcome at once and one reminder later', async () => {
    const mailer = new TestMailer();
    mailer.hold();
    const { service, stop } = await start(setting(mailer, REMINDER_MS));
    const from = Date.now();
    await post(service, '/signups', { user: 'ada', to });
    await mailer.until(({ running }) => running === 1);
    await post(service, '/signups', { user: 'ada', to });
    mailer.release();
    await mailer.until(({ sent }) => sent.some(({ kind }) => kind === 'reminder'));
    // A millisecond, for Redis and we need not round alike.
    expect(Date.now() - from).toBeGreaterThanOrEqual(REMINDER_MS - 1);
    await stop();
    expect(mailer.sent).toEqual([
      { kind: 'welcome', to },
      { kind: 'reminder', to },
    ]);
    expect(mailer.begun).toHaveLength(2);
  });

  test('a mail that fails is tried again, three times in all, and then kept until it is asked for', async () => {
    const mailer = new TestMailer();
    mailer.failing = 3;
    const { service, stop } = await start(setting(mailer, 3_600_000));
    await post(service, '/signups', { user: 'ada', to });
    await expect.poll(() => failed(service)).toHaveLength(1);
    expect(await failed(service)).toEqual([{ mail: { kind: 'welcome', to }, reason: expect.stringContaining('the mail server is away') }]);
    expect(mailer.begun).toHaveLength(3);
    await post(service, '/failed/retry');
    await mailer.until(({ sent }) => sent.length === 1);
    expect(mailer.begun).toHaveLength(4);
    await expect.poll(() => failed(service)).toEqual([]);
    await stop();
  });

  test('a mail that no attempt can help is kept at once, and sent when it can be', async () => {
    const mailer = new TestMailer();
    const { service, stop } = await start(setting(mailer, 3_600_000));
    await post(service, '/signups', { user: 'bob', to: 'bob@example.com' });
    await expect.poll(() => failed(service)).toHaveLength(1);
    expect((await failed(service))[0]?.reason).toContain('no mailbox bob@example.com');
    expect(mailer.begun).toEqual([]);
    mailer.mailboxes.add('bob@example.com');
    await post(service, '/failed/retry');
    await mailer.until(({ sent }) => sent.length === 1);
    await stop();
  });

  test('eight mails are sent at a time', async () => {
    const mailer = new TestMailer();
    mailer.hold();
    const { service, stop } = await start(setting(mailer, 3_600_000));
    for (let user = 0; user < 12; user += 1) await post(service, '/signups', { user: String(user), to });
    await mailer.until(({ running }) => running === 8);
    mailer.release();
    await mailer.until(({ sent }) => sent.length === 12);
    expect(mailer.maxRunning).toBe(8);
    await stop();
  });

  test('a stop waits for the mail that is being sent, and the next process sends the rest', async () => {
    const mailer = new TestMailer();
    mailer.hold();
    const options = setting(mailer, REMINDER_MS);
    const first = await start(options);
    await post(first.service, '/signups', { user: 'ada', to });
    await mailer.until(({ running }) => running === 1);
    let over = false;
    const stopped = first.stop().then(() => (over = true));
    await expect.poll(() => fetch(first.service.url).catch(() => 'closed')).toBe('closed');
    expect(over).toBe(false);
    mailer.release();
    await stopped;
    expect(mailer.sent).toContainEqual({ kind: 'welcome', to });
    const second = await start(options);
    await mailer.until(({ sent }) => sent.length === 2);
    await second.stop();
    expect(mailer.begun).toHaveLength(2);
  });
});

test.for([
  ['BullMQ', bullmqBefore, bullmqAfter],
  ['bee-queue', beeQueueBefore, beeQueueAfter],
] as const)('%s and Nines run side by side under one name, and the old queue drains', async ([, before, after]) => {
  const mailer = new TestMailer();
  const options = setting(mailer, REMINDER_MS);
  const old = await before.startService(options);
  await post(old, '/signups', { user: 'ada', to });
  const now = await after.startService(options);
  await post(now, '/signups', { user: 'bob', to });
  await mailer.until(({ sent }) => sent.length === 4);
  await Promise.all([old.stop(), now.stop()]);
  expect(mailer.begun.map(({ kind }) => kind).toSorted()).toEqual(['reminder', 'reminder', 'welcome', 'welcome']);
});

import { expect, test } from 'vitest';
import { createProducer, type StoreFactory } from '@nines/queue';
import { queueConsole, type ConsoleSettings } from '@nines/queue/console';
import { memoryStore } from '@nines/queue/testing';
import { bury, json, listen, mails, open, orders, post, refusal } from './console-harness.ts';

test('without authorize the figures are there, and no job, no payload, no action', async () => {
  await using console = await open();
  await bury({ store: console.store }, ['a']);
  const state = await json(`${console.origin}/api/state`);
  expect(state).toMatchObject({ role: 'counts', queues: [{ key: 'orders', counts: { dead: 1, paused: false } }, { key: 'post/mails' }] });
  expect(JSON.stringify(state)).not.toMatch(/4111|refused|"a"/);
  for (const path of ['jobs?queue=orders&state=dead', 'job?queue=orders&id=a']) {
    expect(await refusal(await fetch(`${console.origin}/api/${path}`))).toEqual([403, 'CONSOLE_FORBIDDEN']);
  }
  for (const action of ['redrive', 'purge', 'pause', 'resume']) {
    expect(await refusal(await post(`${console.origin}/api/${action}`, { queue: 'orders', limit: 1 }))).toEqual([403, 'CONSOLE_FORBIDDEN']);
  }
  expect(await json(`${console.origin}/api/state`)).toMatchObject({ queues: [{ counts: { dead: 1, paused: false } }, {}] });
});

test('read shows jobs and their errors, but no payload and no action', async () => {
  await using console = await open({ authorize: () => 'read' });
  await bury({ store: console.store }, ['a', 'b', 'c']);
  const page = await json(`${console.origin}/api/jobs?queue=orders&state=dead&limit=2`);
  expect(page).toMatchObject({
    jobs: [{ id: 'a', lastError: 'DeadLetterError: card refused', deadReason: 'rejected' }, { id: 'b' }],
    skip: 0,
    more: true,
  });
  const last = await json(`${console.origin}/api/jobs?queue=orders&state=dead&limit=2&skip=2`);
  expect(last).toMatchObject({ jobs: [{ id: 'c' }], skip: 2, more: false });
  const job = await json(`${console.origin}/api/job?queue=orders&id=a`);
  expect(job).toMatchObject({ id: 'a', state: 'dead', failedAttempts: 1, payload: 'hidden' });
  expect(JSON.stringify([page, last, job])).not.toContain('4111');
  expect(await refusal(await post(`${console.origin}/api/purge`, { queue: 'orders', limit: 1 }))).toEqual([403, 'CONSOLE_FORBIDDEN']);
});

test('a payload is shown to those who may see payloads, and cut where it is long', async () => {
  await using console = await open({ authorize: () => ({ role: 'read', payloads: true }) });
  await using producer = createProducer(mails, { store: console.store });
  await bury({ store: console.store }, ['a']);
  await producer.enqueue('x'.repeat(200_000), { id: 'long' });
  const job = await json(`${console.origin}/api/job?queue=orders&id=a`);
  expect(job).toMatchObject({ payload: 'shown', payloadText: '{\n  "card": "4111-1111"\n}', payloadCut: false });
  const long = (await json(`${console.origin}/api/job?queue=post/mails&id=long`)) as { payloadText: string };
  expect(long).toMatchObject({ payload: 'shown', payloadCut: true });
  expect(long.payloadText).toHaveLength(100_000);
});

test('operate redrives and purges dead letters, pauses and resumes, and the audit log is told of each', async () => {
  const log: unknown[] = [];
  const onAction: ConsoleSettings['onAction'] = ({ request, ...record }) => log.push({ ...record, by: request.headers['x-user'] });
  await using console = await open({ authorize: () => 'operate', onAction });
  await bury({ store: console.store }, ['a', 'b', 'c']);
  const act = async (action: string, body: object) =>
    (await post(`${console.origin}/api/${action}`, { queue: 'orders', ...body }, { 'x-user': 'ada' })).json();
  const counts = async () => ((await json(`${console.origin}/api/state`)) as { queues: { counts: object }[] }).queues[0]?.counts;
  expect(await act('redrive', { ids: ['b', 'nobody'] })).toEqual({ jobs: 1 });
  expect(await counts()).toMatchObject({ waiting: 1, dead: 2 });
  expect(await act('purge', { limit: 1 })).toEqual({ jobs: 1 });
  expect(await counts()).toMatchObject({ waiting: 1, dead: 1 });
  expect(await act('pause', {})).toEqual({ jobs: 0 });
  expect(await counts()).toMatchObject({ paused: true });
  expect(await act('resume', {})).toEqual({ jobs: 0 });
  expect(await counts()).toMatchObject({ paused: false });
  expect(log).toEqual([
    { action: 'redrive', queue: 'orders', ids: ['b'], by: 'ada' },
    { action: 'purge', queue: 'orders', ids: ['a'], by: 'ada' },
    { action: 'pause', queue: 'orders', ids: [], by: 'ada' },
    { action: 'resume', queue: 'orders', ids: [], by: 'ada' },
  ]);
});

test('an action is refused unless it comes from the page of the console itself', async () => {
  await using console = await open({ authorize: () => 'operate' });
  const url = `${console.origin}/api/pause`;
  const refused = [403, 'CONSOLE_CROSS_ORIGIN'];
  const forged: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: console.origin, 'sec-fetch-site': 'cross-site' },
    { origin: console.origin, 'sec-fetch-site': 'same-site' },
    { origin: console.origin.replace(/\d+$/, '1') },
  ];
  for (const headers of forged)
    expect(await refusal(await post(url, { queue: 'orders' }, headers)), JSON.stringify(headers)).toEqual(refused);
  const silent = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"queue":"orders"}' });
  expect(await refusal(silent)).toEqual(refused);
  expect(await json(`${console.origin}/api/state`)).toMatchObject({ queues: [{ counts: { paused: false } }, {}] });
  expect((await post(url, { queue: 'orders' })).status).toBe(200);
  expect((await post(url, { queue: 'orders' }, { origin: 'https://outside.example', 'sec-fetch-site': 'same-origin' })).status).toBe(200);
});

test.each([
  ['false', () => false as const],
  ['nothing', () => undefined],
  ['a promise of false', async () => false as const],
])('who is answered %s by authorize sees nothing, not even the page', async (_what, authorize) => {
  await using console = await open({ authorize });
  for (const path of ['', 'console.js', 'api/state', 'api/jobs?queue=orders&state=dead', 'nowhere']) {
    expect(await refusal(await fetch(`${console.origin}/${path}`)), path).toEqual([403, 'CONSOLE_FORBIDDEN']);
  }
});

test.each([
  ['throws', () => Promise.reject(new Error('password of the session store')), /password/],
  ['answers what is not understood', () => 'admin' as never, /authorize must answer/],
])('an authorize that %s lets nobody in, says nothing to them, and onError is told', async (_what, authorize, message) => {
  const errors: unknown[] = [];
  await using console = await open({ authorize, onError: (error) => errors.push(error) });
  const response = await fetch(`${console.origin}/api/state`);
  const text = await response.text();
  expect([response.status, text]).toEqual([500, expect.stringContaining('CONSOLE_AUTHORIZE_FAILED')]);
  expect(text).not.toMatch(message);
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
});

test('every answer forbids what the page does not need', async () => {
  await using console = await open();
  for (const path of ['', 'console.js', 'console.css', 'api/state', 'nowhere']) {
    const { headers } = await fetch(`${console.origin}/${path}`);
    expect(headers.get('content-security-policy'), path).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect([headers.get('x-content-type-options'), headers.get('referrer-policy'), headers.get('cache-control')]).toEqual([
      'nosniff',
      'no-referrer',
      'no-store',
    ]);
  }
  const types = await Promise.all(['', 'console.js', 'console.css'].map(async (path) => fetch(`${console.origin}/${path}`)));
  expect(types.map(({ headers }) => headers.get('content-type'))).toEqual([
    'text/html; charset=utf-8',
    'text/javascript; charset=utf-8',
    'text/css; charset=utf-8',
  ]);
});

test('however many visitors look, the store is asked once an interval; while nobody looks, not at all', async () => {
  const store = memoryStore();
  let asked = 0;
  const counting: StoreFactory = (queue) => {
    const opened = store(queue);
    const counts = () => {
      asked += 1;
      return opened.counts();
    };
    return { ...opened, counts };
  };
  await using console = await open({ refreshMs: 60_000 }, counting);
  expect(asked).toBe(0);
  await Promise.all(Array.from({ length: 20 }, () => json(`${console.origin}/api/state`)));
  await json(`${console.origin}/api/state`);
  // Once for each of the two queues.
  expect(asked).toBe(2);
});

test('a console that is closed says so', async () => {
  const handler = queueConsole([orders], { store: memoryStore() });
  await using server = await listen(handler);
  await Promise.all([handler.close(), handler.close()]);
  expect(await refusal(await fetch(server.origin))).toEqual([503, 'CONSOLE_CLOSED']);
});

test.each([
  ['no queue', [], {}, 'queues must be a list of at least one queue, got []'],
  ['a queue twice', [orders, orders], {}, 'queues must be a list without repetitions, got orders twice'],
  ['refreshMs 499', [orders], { refreshMs: 499 }, 'refreshMs must be a whole number from 500 to 60000, got 499'],
  ['refreshMs 60 001', [orders], { refreshMs: 60_001 }, 'refreshMs must be a whole number from 500 to 60000, got 60001'],
  ['a relative basePath', [orders], { basePath: 'queues' }, 'basePath must be a path that begins with /, got "queues"'],
  ['a home elsewhere', [orders], { home: { href: '//evil.example', title: 'Home' } }, 'home must be { href: a path that begins with one /'],
  ['a home that runs', [orders], { home: { href: 'javascript:0', title: 'Home' } }, 'home must be { href: a path that begins with one /'],
  ['a home without words', [orders], { home: { href: '/', title: ' ' } }, 'title: 1 to 64 characters }, got {"href":"/","title":" "}'],
  ['authorize: true', [orders], { authorize: true }, 'authorize must be a function, got boolean'],
  ['onAction: 1', [orders], { onAction: 1 }, 'onAction must be a function, got number'],
  ['an unknown option', [orders], { auth: () => 'read' }, 'queueConsole has no option auth; it has authorize, basePath'],
] as const)('queueConsole with %s is refused', (_what, queues, options, message) => {
  expect(() => queueConsole(queues, { store: memoryStore(), ...options } as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
  );
});

test('a queue that cannot be asked says why, and hides no other', async () => {
  const store = memoryStore();
  const broken: StoreFactory = (queue) => {
    const opened = store(queue);
    return queue.name === 'orders' ? opened : { ...opened, counts: () => Promise.reject(new Error('secret address')) };
  };
  await using console = await open({}, broken);
  const state = await json(`${console.origin}/api/state`);
  expect(state).toMatchObject({ queues: [{ counts: { waiting: 0 } }, { error: { code: 'CONSOLE_FAILED' } }] });
  expect(JSON.stringify(state)).not.toContain('secret');
});

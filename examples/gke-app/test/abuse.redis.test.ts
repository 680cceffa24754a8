import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { System } from '../demo/system.ts';
import { allDelivered, metric, postEvent, problem, testSystem } from './harness.ts';

const MiB = 1024 * 1024;
const BODY = '{"n":1}';
const HEAD = 'POST /process?destination=receiver HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

interface Client {
  readonly socket: Socket;
  /** All that came until the connection was closed, by whomever and however. */
  readonly answer: Promise<string>;
}

/** A connection that sends exactly this, and then leaves it to the server. */
async function client({ apiUrl }: System, bytes: string | Buffer): Promise<Client> {
  const socket = connect(Number(new URL(apiUrl).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const { promise: answer, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  await Promise.race([once(socket, 'connect'), answer]);
  if (bytes.length > 0 && !socket.destroyed) socket.write(bytes);
  return { socket, answer };
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
const memory = async (system: System) => (await metric(system, system.api, /^process_resident_memory_bytes /)) ?? 0;

test('requests that are no HTTP, or two in one, are refused in one answer and the connection is closed', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const refused: readonly (readonly [what: string, bytes: string, status: number])[] = [
    ['a line end in a header', `${HEAD}Idempotency-Key: a\rX-Evil: 1\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a zero byte in a header', `${HEAD}Idempotency-Key: a\0b\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['two lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ['a length and chunks', `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a space before the colon', `${HEAD}Content-Length : 2\r\n\r\n{}`, 400],
    ['no such method', 'EXPLODE / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no host', 'GET /openapi.json HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['17 KiB of headers', `${HEAD}X-Long: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['17 KiB of URL', `GET /jobs/${'x'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ];
  for (const [what, bytes, status] of refused) {
    const answer = await (await client(system, bytes)).answer;
    expect(statusOf(answer), `${what}: ${answer.slice(0, 200)}`).toBe(status);
    expect(answer.match(/HTTP\/1\.1/g), what).toHaveLength(1);
  }
});

test('a line end in the query gets nowhere', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  for (const [query, code] of [
    ['destination=receiver&type=a%0d%0aX-Evil:%201', 'INVALID_TYPE'],
    ['destination=receiver&type=a%00b', 'INVALID_TYPE'],
    ['destination=receiver%0d%0aX-Evil:%201', 'UNKNOWN_DESTINATION'],
  ]) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    const refused = await problem(await fetch(`${system.apiUrl}/process?${query}`, init));
    expect(refused, query).toMatchObject({ status: 422, code });
    expect(refused.headers.get('x-evil')).toBeNull();
  }
});

test('headers of the request do not reach the receiver, but for the type of the body', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl') });
  const extra = 'Authorization: Bearer x\r\nCookie: a=b\r\nWebhook-Id: forged\r\nWebhook-Signature: v1,forged\r\nX-Evil: 1\r\n';
  const { answer } = await client(system, WHOLE.replace('Connection:', `${extra}Connection:`));
  expect(statusOf(await answer)).toBe(202);
  const id = /"id":"([^"]+)"/.exec(await answer)?.[1] ?? '';
  await allDelivered(system.receiver, [id]);
  const { fields } = await system.receiver.line((line) => line.fields['jobId'] === id);
  expect(fields).toMatchObject({ signature: 'valid', headers: { 'webhook-id': id, 'content-type': 'application/json' } });
});

test('what does not arrive in time is answered 408 and cut, and others are served meanwhile', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { REQUEST_TIMEOUT_MS: '1000' } });
  const slow = [
    'POST /process HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    `${HEAD}Content-Length: 100\r\n\r\n{`,
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
  ];
  const clients = await Promise.all(Array.from({ length: 30 }, (_, n) => client(system, slow[n % slow.length] ?? '')));
  expect(await postEvent(system.apiUrl, {})).toBeTypeOf('string');
  // Those that are not in chunks go on, a byte at a time: that buys no time.
  const drip = setInterval(() => {
    for (const [n, { socket }] of clients.entries()) if (n % slow.length < 2 && socket.writable) socket.write(' ');
  }, 50);
  onTestFinished(() => clearInterval(drip));
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  clearInterval(drip);
  for (const answer of answers) {
    expect(statusOf(answer), answer).toBe(408);
    expect(answer).toContain('"REQUEST_TIMEOUT"');
  }
  expect(await postEvent(system.apiUrl, {})).toBeTypeOf('string');
});

test('who connects and says nothing is cut too', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { REQUEST_TIMEOUT_MS: '1000' } });
  const clients = await Promise.all(Array.from({ length: 20 }, () => client(system, '')));
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  expect(new Set(answers.map(statusOf))).toEqual(new Set([408]));
});

test.each([
  ['requests', { MAX_IN_FLIGHT: '20' }, 'Content-Length: 100\r\n\r\n{'],
  ['bytes', { MAX_BODY_BYTES: '1000', MAX_IN_FLIGHT_BYTES: '20000' }, 'Content-Length: 1000\r\n\r\n{'],
  [
    'bytes that nobody has counted',
    { MAX_BODY_BYTES: '1000', MAX_IN_FLIGHT_BYTES: '20000' },
    'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
  ],
])(
  'slow bodies take every place for %s, no more: others are told when to come again, and the places come back',
  async (_what, env, rest) => {
    const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { REQUEST_TIMEOUT_MS: '3000', ...env } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => client(system, HEAD + rest)));
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    const event = () => fetch(`${system.apiUrl}/process?destination=receiver`, init);
    let refused: Response | undefined;
    await expect.poll(async () => (refused = await event()).status).toBe(503);
    const overloaded = await problem(refused ?? new Response());
    expect(overloaded.code).toBe('OVERLOADED');
    expect(Number(overloaded.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await Promise.all(clients.map(({ answer }) => answer));
    await expect.poll(async () => (await event()).status).toBe(202);
  },
);

test('a connection too many is closed, and one more is taken when another goes', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { MAX_CONNECTIONS: '50' } });
  const held = await Promise.all(Array.from({ length: 50 }, () => client(system, '')));
  const beyond = await Promise.all(Array.from({ length: 20 }, () => client(system, WHOLE)));
  expect(new Set(await Promise.all(beyond.map(({ answer }) => answer)))).toEqual(new Set(['']));
  for (const { socket } of held) socket.destroy();
  await expect.poll(async () => statusOf(await (await client(system, WHOLE)).answer)).toBe(202);
});

/** How many files this process, and so a child of it, may have open; each connection is one. */
function openFiles(): number {
  const report = process.report.getReport() as unknown as { userLimits: { open_files: { hard: number | string } } };
  return Number(report.userLimits.open_files.hard) || Number.POSITIVE_INFINITY;
}

test.each([
  ['5000', 'as many as allowed are answered, the others closed'],
  ['10000', 'each is answered'],
])('with MAX_CONNECTIONS=%s, of ten thousand at once %s; memory is bounded, and the api serves on', async (MAX_CONNECTIONS, _what) => {
  if (openFiles() < 10_500) throw new Error('this machine lets a process open fewer than 10 500 files: raise it (ulimit -Hn)');
  // A burst for all of them: what is tried here are connections, not rates.
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { RATE_LIMIT_PER_SECOND: '20000', MAX_CONNECTIONS } });
  const before = await memory(system);
  const clients = await Promise.all(Array.from({ length: 10_000 }, () => client(system, HEAD)));
  for (const { socket } of clients) if (socket.writable) socket.write(WHOLE.slice(HEAD.length));
  const statuses = (await Promise.all(clients.map(({ answer }) => answer))).map(statusOf);
  const count = (status: number) => statuses.filter((one) => one === status).length;
  const after = await memory(system);
  expect(statuses.filter((status) => ![202, 503, 0].includes(status))).toEqual([]);
  expect(count(202)).toBeGreaterThan(0);
  // Those that the kernel kept waiting are taken when others have gone.
  expect(count(202) + count(503)).toBeGreaterThanOrEqual(Number(MAX_CONNECTIONS));
  expect(count(0) > 0).toBe(MAX_CONNECTIONS === '5000');
  // Some 10 KiB a connection, and what the garbage collector has not yet looked at.
  expect((after - before) / MiB).toBeLessThan(256);
  expect(await postEvent(system.apiUrl, {})).toBeTypeOf('string');
});

test('a thousand bodies that are too large cost no memory', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const before = await memory(system);
  const large = Buffer.concat([Buffer.from(`${HEAD}Content-Length: ${8 * MiB}\r\n\r\n`), Buffer.alloc(64 * 1024, 0x20)]);
  const clients = await Promise.all(Array.from({ length: 1000 }, () => client(system, large)));
  const answers = await Promise.all(clients.map(async ({ socket, answer }) => (socket.once('data', () => socket.end()), answer)));
  expect(new Set(answers.map(statusOf))).toEqual(new Set([413]));
  expect((await memory(system)) - before).toBeLessThan(100 * MiB);
});

test('three hundred of the largest events at once: what memory has no place for is refused before it is read', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const before = await memory(system);
  const event = Buffer.concat([
    Buffer.from(`${HEAD}Content-Length: ${MiB}\r\nConnection: close\r\n\r\n"`),
    Buffer.alloc(MiB - 2, 0x61),
    Buffer.from('"'),
  ]);
  const clients = await Promise.all(Array.from({ length: 300 }, () => client(system, event)));
  const statuses = (await Promise.all(clients.map(({ answer }) => answer))).map(statusOf);
  expect(statuses.filter((status) => ![202, 503, 0].includes(status))).toEqual([]);
  expect(statuses.filter((status) => status === 202).length).toBeGreaterThan(0);
  expect(((await memory(system)) - before) / MiB).toBeLessThan(256);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Signals } from './signals.ts';
import type { Part, Service, Target } from './target.ts';
import { onlyDestination, verify, type Row } from './verify.ts';

const trace = '64a51ae609f4cd8971e68239997fcbc2';
const other = 'f'.repeat(32);
const lines: Readonly<Record<Service, object>> = {
  api: { msg: 'accepted', jobId: 'J1', trace_id: trace },
  worker: { msg: 'delivered', jobId: 'J1', trace_id: trace },
};

interface World {
  readonly parts?: readonly Part[];
  readonly destination?: string;
  readonly state?: string;
  readonly logs?: Partial<Record<Service, object>>;
  /** The key that the api wants, and the one that it is shown. */
  readonly apiKey?: string;
  readonly key?: string;
}

const refusal = (names: string) => ({ code: 'UNKNOWN_DESTINATION', detail: `destination must be one of: ${names}` });

/** An api that knows one destination and one job, and the logs as they are given. */
async function world({
  parts = [{ name: 'api-1', ready: true }],
  destination = 'receiver',
  state = 'completed',
  logs = {},
  apiKey,
  key,
}: World): Promise<Target> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) return answer(401, { code: 'UNAUTHORIZED' });
    if (request.method === 'GET') return answer(200, { state, failedAttempts: 0, lastError: null, traceId: trace });
    return void json(request).then((event) => {
      const known = (event as { destination: string }).destination === destination;
      return known ? answer(202, { id: 'J1', statusUrl: '/jobs/J1' }) : answer(422, refusal(destination));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    parts: 'pods',
    look: async () => parts,
    open: async () => ({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: key, close() {} }),
    logs: async (service) => JSON.stringify({ ...lines, ...logs }[service]),
  };
}

const NOBODY: Signals = { traces: { notAsked: 'nobody' }, series: { notAsked: 'nobody' } };

async function rowsOf(target: Target, destination?: string, signals = NOBODY): Promise<readonly Row[]> {
  return verify(target, { destination, timeoutMs: 1, signals, say: () => {} });
}

const failures = (rows: readonly Row[]) => rows.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check);

test('verify shows its key to an api that wants one, and fails with the wrong one', async () => {
  const outcomes = async (key: string) => (await rowsOf(await world({ apiKey: 'K', key }))).map(({ outcome }) => outcome);
  expect(await outcomes('K')).toEqual([...Array<string>(6).fill('ok'), 'not asked', 'not asked']);
  expect(await outcomes('L')).toEqual(['ok', 'failed', ...Array<string>(6).fill('not tried')]);
});

test('verify passes when one event is delivered as one trace', async () => {
  const rows = await rowsOf(await world({}));
  expect(rows.map(({ outcome }) => outcome)).toEqual([...Array<string>(6).fill('ok'), 'not asked', 'not asked']);
  expect(rows[5]?.detail).toBe(trace);
});

const spans = [
  { name: 'POST /process', service: 'api' },
  { name: 'process deliveries', service: 'worker' },
];
const counted = (...values: number[]) => {
  let asked = 0;
  // Both services are asked each time.
  return async () => new Map([['{}', values[Math.min(values.length - 1, Math.floor(asked++ / 2))] ?? 0]]);
};

test.each<[string, Signals, string[]]>([
  ['both are there', { traces: { ask: async () => spans }, series: { ask: counted(3, 4) } }, []],
  ['a counter begins with the event', { traces: { ask: async () => spans }, series: { ask: counted(0, 1) } }, []],
  [
    'whose a span is is not said',
    { traces: { ask: async () => spans.map(({ name }) => ({ name, service: undefined })) }, series: NOBODY.series },
    [],
  ],
  ['the trace has no worker', { traces: { ask: async () => spans.slice(0, 1) }, series: NOBODY.series }, ['its trace is found']],
  ['the trace is not there', { traces: { ask: async () => [] }, series: NOBODY.series }, ['its trace is found']],
  ['the traces do not answer', { traces: { ask: () => Promise.reject(new Error('away')) }, series: NOBODY.series }, ['its trace is found']],
  ['nothing was counted since', { traces: NOBODY.traces, series: { ask: counted(3, 3) } }, ['its series is found']],
  ['a counter began again', { traces: NOBODY.traces, series: { ask: counted(3, 1) } }, ['its series is found']],
  ['there are no counters', { traces: NOBODY.traces, series: { ask: async () => new Map() } }, ['its series is found']],
  [
    'Prometheus does not answer',
    { traces: NOBODY.traces, series: { ask: () => Promise.reject(new Error('away')) } },
    ['its series is found'],
  ],
])('verify looks for trace and series: %s', async (_what, signals, expected) => {
  expect(failures(await rowsOf(await world({}), undefined, signals))).toEqual(expected);
});

test('verify looks for nothing of an event that was not delivered', async () => {
  const rows = await rowsOf(await world({ state: 'dead' }), undefined, {
    traces: { ask: async () => spans },
    series: { ask: counted(3, 4) },
  });
  expect(rows.slice(-2).map(({ outcome }) => outcome)).toEqual(['not tried', 'not tried']);
});

test('verify sends to the only destination there is, unless it was told another', async () => {
  const shop = await world({ destination: 'shop' });
  expect(failures(await rowsOf(shop))).toEqual([]);
  expect(failures(await rowsOf(shop, 'receiver'))).toEqual(['one event is accepted']);
});

test.each<[string, World, string[]]>([
  ['a pod is not ready', { parts: [{ name: 'redis-0', ready: false, reason: 'Pending' }] }, ['all pods are ready']],
  ['there is no pod', { parts: [] }, ['all pods are ready']],
  ['the job is dead', { state: 'dead' }, ['it is delivered', 'it is one trace']],
  ['the job waits', { state: 'waiting' }, ['it is delivered', 'it is one trace']],
  ['the worker has another trace', { logs: { worker: { ...lines.worker, trace_id: other } } }, ['it is one trace']],
  ['the api has no trace', { logs: { api: { ...lines.api, trace_id: '' } } }, ['the api logged it', 'it is one trace']],
  ['the worker failed', { logs: { worker: { ...lines.worker, msg: 'not delivered' } } }, ['the worker logged it', 'it is one trace']],
  ['the worker logged another job', { logs: { worker: { ...lines.worker, jobId: 'J2' } } }, ['the worker logged it', 'it is one trace']],
])('verify fails when %s', async (_what, given, expected) => {
  expect(failures(await rowsOf(await world(given)))).toEqual(expected);
});

test('verify asks again when a question about the pods has no answer', async () => {
  const target = await world({});
  let asked = 0;
  const look = () => ((asked += 1) === 1 ? Promise.reject(new Error('a blip')) : target.look());
  const said: string[] = [];
  const rows = await verify(
    { ...target, look },
    { destination: undefined, timeoutMs: 60_000, signals: NOBODY, say: (line) => said.push(line) },
  );
  expect(failures(rows)).toEqual([]);
  expect(said.slice(0, 2)).toEqual(['a blip', 'pods ready: 1 of 1']);
  const deaf = await rowsOf({ ...target, look: () => Promise.reject(new Error('no answer')) });
  expect(deaf[0]).toEqual({ check: 'all pods are ready', outcome: 'failed', detail: 'no answer' });
});

test('verify names what it could not try when nobody answers', async () => {
  const target: Target = { ...(await world({})), open: () => Promise.reject(new Error('no way in')) };
  const rows = await rowsOf(target);
  expect(rows[1]).toEqual({ check: 'one event is accepted', outcome: 'failed', detail: 'no way in' });
  expect(rows.slice(2).map(({ outcome }) => outcome)).toEqual(Array<string>(6).fill('not tried'));
});

const problem = (code: string, detail: string) => JSON.stringify({ type: 'about:blank', status: 422, code, detail });

test.each([
  ['several names', problem('UNKNOWN_DESTINATION', 'destination must be one of: shop, bank')],
  ['none', problem('UNKNOWN_DESTINATION', 'destination must be one of: ')],
  ['another refusal', problem('INVALID_TYPE', 'type must be one of: shop')],
  ['a problem of another shape', '{}'],
])('onlyDestination is undefined for %s', (_what, text) => {
  expect(onlyDestination(text)).toBeUndefined();
});

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import { jobState, newSecret, setFaults } from './harness.ts';

interface Header {
  readonly required?: boolean;
  readonly schema: object;
}
interface Answer {
  readonly $ref?: string;
  readonly headers?: Record<string, Header>;
  readonly content?: Record<string, { readonly schema: object }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Answer> }>>;
  readonly components: {
    readonly responses: Record<string, Answer>;
    readonly schemas: { Problem: { properties: { code: { enum: string[] } } } };
  };
}

let system: System;
let document: Document;
const seen = new Set<string>();
const ajv = new Ajv2020({ strict: false, allErrors: true });

beforeAll(async () => {
  const env = { QUEUE_NAMESPACE: `openapi-${process.pid}`, RETRY_MIN_MS: '50', MAX_BODY_BYTES: '4096' };
  system = await startSystem({ redisUrl: inject('redisUrl'), secret: newSecret(), env });
  document = (await (await fetch(`${system.apiUrl}/openapi.json`)).json()) as Document;
  ajv.addSchema(document, 'document');
  return () => system.stop('SIGKILL');
});

/** What the document says of an answer; a test fails where it says nothing. */
function described(path: string, method: string, status: number): Answer {
  const answer = document.paths[path]?.[method]?.responses[status];
  if (answer === undefined) throw new Error(`the document has no ${method} ${path} ${status}`);
  const name = answer.$ref?.replace('#/components/responses/', '');
  return name === undefined ? answer : (document.components.responses[name] ?? {});
}

function check(schema: object, value: unknown, what: string): void {
  const text = JSON.stringify(schema).replaceAll('"#/', '"document#/');
  const validate = ajv.compile(JSON.parse(text) as object);
  expect(validate(value), `${what}: ${JSON.stringify(validate.errors)} for ${JSON.stringify(value)}`).toBe(true);
}

/** Sends a request, and holds the answer against the document: status, type, headers, body. */
async function ask(path: string, url: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const method = (init.method ?? 'GET').toLowerCase();
  const response = await fetch(`${system.apiUrl}${url}`, init);
  const { status, headers } = response;
  // Another method than those of the document is answered as the document says for the one that there is.
  const documented = document.paths[path]?.[method] === undefined ? Object.keys(document.paths[path] ?? {})[0]! : method;
  const answer = described(path, documented, status);
  const type = (headers.get('content-type') ?? '').split(';')[0]!;
  const schema = answer.content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${method} ${url} ${status}: the document has no ${type}`);
  const body = (await response.json()) as Record<string, unknown>;
  check(schema, body, `${method} ${url} ${status}`);
  for (const [name, { required = false, schema: of }] of Object.entries(answer.headers ?? {})) {
    const value = headers.get(name);
    if (value !== null) check(of, value, `${name} of ${method} ${url} ${status}`);
    else if (required) throw new Error(`${method} ${url} ${status} has no ${name}`);
  }
  seen.add(`${documented} ${path} ${status}`);
  return { status, body };
}

const json = { 'content-type': 'application/json' };
const post = (query: string, body: string, headers: Record<string, string> = {}) =>
  ask('/process', `/process${query}`, { method: 'POST', headers: { ...json, ...headers }, body });

test('the document is OpenAPI 3.1 and names every code that README’s table has, and no other', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('## What is refused'), readme.indexOf('## Configuration'));
  const rows = table.split('\n').filter((line) => /^\| \d{3}/.test(line));
  const codes = rows.flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!));
  expect([...new Set(codes)].sort()).toEqual(document.components.schemas.Problem.properties.code.enum.toSorted());
});

test('an accepted event, its job in every end, and the document itself are as described', async () => {
  const { status, body } = await post('', JSON.stringify({ destination: 'receiver', type: 't', data: 1 }));
  expect(status).toBe(202);
  await expect.poll(() => jobState(system, String(body['id']))).toMatchObject({ state: 'completed' });
  await ask('/jobs/{id}', `/jobs/${String(body['id'])}`);
  await setFaults(system, { mode: 'status', status: 410 });
  const gone = String((await post('?destination=receiver', '{}')).body['id']);
  await expect.poll(() => jobState(system, gone)).toMatchObject({ state: 'dead' });
  expect((await ask('/jobs/{id}', `/jobs/${gone}`)).body).toMatchObject({ deadReason: 'rejected', type: null });
  await setFaults(system, { mode: 'none' });
  await ask('/openapi.json', '/openapi.json');
});

test.each([
  [400, 'INVALID_JSON', '', '{', {}],
  [400, 'INVALID_IDEMPOTENCY_KEY', '?destination=receiver', '{}', { 'idempotency-key': 'a b' }],
  [400, 'INVALID_TIMEOUT', '?destination=receiver', '{}', { 'x-request-timeout-ms': '0' }],
  [413, 'BODY_TOO_LARGE', '', `"${'x'.repeat(5000)}"`, {}],
  [415, 'UNSUPPORTED_MEDIA_TYPE', '', '{}', { 'content-type': 'text/plain' }],
  [422, 'INVALID_EVENT', '', '{}', {}],
  [422, 'UNKNOWN_DESTINATION', '?destination=x', '{}', {}],
  [422, 'INVALID_TYPE', '?destination=receiver&type=', '{}', {}],
])('POST /process is refused %i %s as described', async (status, code, query, body, headers) => {
  expect(await post(query, body, headers as Record<string, string>)).toMatchObject({ status, body: { code } });
});

test('what is not there, and other methods, are refused as described', async () => {
  expect(await ask('/jobs/{id}', '/jobs/nothing')).toMatchObject({ status: 404 });
  expect(await ask('/process', '/process')).toMatchObject({ status: 405 });
  expect(await ask('/jobs/{id}', '/jobs/x', { method: 'DELETE' })).toMatchObject({ status: 405 });
  expect(await ask('/openapi.json', '/openapi.json', { method: 'POST' })).toMatchObject({ status: 405 });
});

async function onAnother(env: Record<string, string>, redisUrl: string, work: () => Promise<void>): Promise<void> {
  const first = system;
  system = await startSystem({
    redisUrl,
    secret: newSecret(),
    workers: 0,
    env: { QUEUE_NAMESPACE: `openapi-${JSON.stringify(Object.keys(env)).length}-${process.pid}`, ...env },
  });
  try {
    await work();
  } finally {
    await system.stop('SIGKILL');
    system = first;
  }
}

test('a full queue and too many requests are refused as described', async () => {
  await onAnother({ MAX_WAITING: '1' }, inject('redisUrl'), async () => {
    await post('?destination=receiver', '{}');
    expect(await post('?destination=receiver', '{}')).toMatchObject({ status: 503, body: { code: 'QUEUE_FULL' } });
  });
  await onAnother({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '1' }, inject('redisUrl'), async () => {
    await post('?destination=receiver', '{}');
    for (const path of ['/process', '/jobs/{id}', '/openapi.json']) {
      const init = path === '/process' ? { method: 'POST', headers: json, body: '{}' } : {};
      await expect.poll(async () => (await ask(path, path.replace('{id}', 'x'), init)).status).toBe(429);
    }
  });
});

test('without a key all is refused as described', async () => {
  await onAnother({ API_KEYS: `shop=${'ab'.repeat(32)}` }, inject('redisUrl'), async () => {
    expect(await post('', '{}')).toMatchObject({ status: 401 });
    expect(await ask('/jobs/{id}', '/jobs/x')).toMatchObject({ status: 401 });
    expect(await ask('/openapi.json', '/openapi.json')).toMatchObject({ status: 401 });
  });
});

// 408, 431 and the 503 of a Redis that is away are in other tests; a 500 would be a fault. The last of the file: the others have asked.
test('the document describes no answer that is never given', () => {
  const rare = /^get \S+ 400$| (408|431|500)$|^get \S+ 503$/;
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method} ${path} ${status}`)),
  );
  expect(all.filter((one) => !rare.test(one) && !seen.has(one))).toEqual([]);
});

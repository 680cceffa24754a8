import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadline, fixed, http, isResilienceError, pipeline, type Policy, timeout } from '@nines/resilience';
import { type FetchOptions, fetchWith, type ResilientFetch } from '@nines/resilience/fetch';
import { pRetry } from '@nines/resilience/p-retry';

/** A server and the requests it saw. */
async function serve(listener: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen };
}

const retries: Policy = pRetry({ maxAttempts: 3, backoff: fixed(0) });
const resilient = (policies: readonly Policy[], options?: FetchOptions): ResilientFetch =>
  fetchWith(pipeline('p', policies, { classify: http() }), options);

/** Answers the statuses one after the other, the last one for ever. */
function statuses(...list: readonly number[]): RequestListener {
  let at = 0;
  return (request, response) => {
    request.resume();
    response.writeHead(list[Math.min(at++, list.length - 1)] ?? 200, { 'retry-after': '0' }).end('body');
  };
}

async function codeOf(response: Promise<Response>): Promise<string> {
  try {
    return String((await response).status);
  } catch (error) {
    return isResilienceError(error) ? error.code : String(error);
  }
}

describe('fetchWith', () => {
  test('retries what may be sent twice, and gives the response', async () => {
    const { url, seen } = await serve(statuses(503, 200));
    const response = await resilient([retries])(url);
    expect([response.status, await response.text(), seen.length]).toEqual([200, 'body', 2]);
  });

  test('sends what is left of the deadline and the criticality, and no more of it with each attempt', async () => {
    const { url, seen } = await serve(statuses(503, 200));
    await resilient([deadline({ totalMs: 5_000 }), retries])(url, { criticality: 'sheddable+', headers: { 'x-own': 'kept' } });
    const left = seen.map(({ headers }) => Number(/^(\d+)m$/.exec(String(headers['grpc-timeout']))?.[1]));
    expect(left[0]).toBeLessThanOrEqual(5_000);
    expect(left[1]).toBeLessThanOrEqual(left[0] ?? Number.NaN);
    expect(seen.map(({ headers }) => [headers['x-criticality'], headers['x-own']])).toEqual([1, 2].map(() => ['sheddable+', 'kept']));
  });

  test('sends neither when told not to', async () => {
    const { url, seen } = await serve(statuses(200));
    await resilient([deadline({ totalMs: 5_000 })], { propagate: false })(url);
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => /grpc|criticality/.test(name))).toEqual([]);
  });

  test('takes deadline, criticality and end from the call it serves', async () => {
    const { url, seen } = await serve((request) => void request.resume());
    const leave = new AbortController();
    const inherited = { criticality: 'sheddable' as const, signal: leave.signal, remainingMs: () => 700 };
    const response = codeOf(resilient([deadline({ totalMs: 60_000 }), retries], { context: () => inherited })(url));
    while (seen.length === 0) await new Promise(setImmediate);
    expect(Number.parseInt(String(seen[0]?.headers['grpc-timeout']), 10)).toBeLessThanOrEqual(700);
    expect(seen[0]?.headers['x-criticality']).toBe('sheddable');
    leave.abort();
    expect(await response).toBe('ABORTED');
  });

  test.each([
    ['POST', {}, 1],
    ['PATCH', {}, 1],
    ['PUT', {}, 2],
    ['DELETE', {}, 2],
    ['POST', { headers: { 'idempotency-key': 'a' } }, 2],
    ['POST', { idempotent: true }, 2],
    ['GET', { idempotent: false }, 1],
  ])('sends %s with %j as often as it may after a 503: %i', async (method, init, times) => {
    const { url, seen } = await serve(statuses(503, 200));
    await resilient([retries])(url, { method, ...(method === 'GET' ? {} : { body: 'x' }), ...init });
    expect(seen).toHaveLength(times);
  });

  test('sends a POST again when it was refused with 429: nothing was done', async () => {
    const { url, seen } = await serve(statuses(429, 200));
    const response = await resilient([retries])(url, { method: 'POST', body: 'x' });
    expect([response.status, seen.length]).toEqual([200, 2]);
  });

  test('never sends a stream twice, whatever the method', async () => {
    const stream = (): ReadableStream => new Blob(['x']).stream();
    for (const status of [503, 429]) {
      const { url, seen } = await serve((request, response) => {
        request.resume();
        response.writeHead(status, { 'retry-after': '1' }).end('later');
      });
      const response = await resilient([retries])(url, { method: 'PUT', body: stream(), duplex: 'half' });
      expect([response.status, response.headers.get('retry-after'), await response.text(), seen.length]).toEqual([status, '1', 'later', 1]);
    }
    const { url, seen } = await serve((request) => request.socket.destroy());
    const lost = resilient([retries])(url, { method: 'PUT', body: stream(), duplex: 'half' });
    await expect(lost).rejects.not.toMatchObject({ code: 'INVALID_OPTION' });
    expect(seen).toHaveLength(1);
  });

  test('refuses to send a stream again whatever a policy of your own says', async () => {
    const stubborn: Policy = {
      name: 'stubborn',
      kind: 'custom',
      options: {},
      bind: () => ({
        async run(ctx, next) {
          await next(ctx);
          return next(ctx.fork({ attempt: 2 }));
        },
      }),
    };
    const { url, seen } = await serve(statuses(200));
    expect(await codeOf(resilient([stubborn])(url, { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' }))).toBe(
      'INVALID_OPTION',
    );
    expect(seen).toHaveLength(1);
  });

  test('takes a Request: its method, headers and signal count; with a body it is sent once', async () => {
    const { url, seen } = await serve(statuses(503, 503, 200));
    const response = await resilient([retries])(new Request(url, { method: 'DELETE', headers: { 'x-own': 'kept' } }));
    expect([response.status, seen.map(({ headers }) => headers['x-own'])]).toEqual([200, ['kept', 'kept', 'kept']]);
    const other = await serve(statuses(503, 200));
    expect(await codeOf(resilient([retries])(new Request(other.url, { method: 'PUT', body: 'x' })))).toBe('503');
    expect(other.seen).toHaveLength(1);
    const left = new Request(url, { signal: AbortSignal.abort() });
    expect(await codeOf(resilient([retries])(left))).toBe('ABORTED');
  });

  test('frees the connection of a replaced response', async () => {
    let cancelled = 0;
    const body = (): ReadableStream => new ReadableStream({ cancel: () => void (cancelled += 1) });
    const answers = [new Response(body(), { status: 503 }), new Response('ok')];
    const fetch = async (): Promise<Response> => answers.shift() ?? Response.error();
    const response = await resilient([retries], { fetch })('http://a.example/');
    expect([await response.text(), cancelled]).toEqual(['ok', 1]);
  });

  test('a timeout aborts the request that the server holds', async () => {
    const { url, seen } = await serve((request) => void request.resume());
    expect(await codeOf(resilient([timeout({ attemptMs: 30 })])(url))).toBe('TIMEOUT');
    const socket = seen[0]?.socket;
    if (socket !== undefined && !socket.closed) await once(socket, 'close');
    expect(socket?.closed).toBe(true);
  });

  test('the caller may leave while the body is read', async () => {
    const { url } = await serve((_request, response) => void response.writeHead(200).write('half'));
    const leave = new AbortController();
    const response = await resilient([deadline({ totalMs: 60_000 })])(url, { signal: leave.signal });
    const text = response.text();
    leave.abort(new Error('left'));
    await expect(text).rejects.toThrow('left');
  });

  test('keys calls by host and port unless told otherwise', async () => {
    const keys: unknown[] = [];
    const p = pipeline('p', [], { classify: http() });
    p.subscribe((event) => {
      if (event.type === 'call') keys.push(event.key);
    });
    const get = fetchWith(p, { fetch: async () => new Response('') });
    await get('http://a.example:81/x');
    await get(new URL('http://b.example/x'), { key: 'mine' });
    await get(new Request('http://c.example/x'));
    expect(keys).toEqual(['a.example:81', 'mine', 'c.example']);
  });

  test('a wrong address is refused by fetch, and says nothing about the dependency', async () => {
    const p = pipeline('p', [retries], { classify: http() });
    const kinds: string[] = [];
    p.subscribe((event) => {
      if (event.type === 'call') kinds.push(event.kind);
    });
    await expect(fetchWith(p)('not an address')).rejects.toThrow(TypeError);
    expect(kinds).toEqual(['ignored']);
  });

  test.each([{ context: 1 }, { propagate: 'no' }, { fetch: {} }, { timeout: 1 }])('refuses %j', (wrong) => {
    expect(() => resilient([], wrong as object)).toThrow(/^fetchWith: /);
    expect(() => fetchWith({} as Parameters<typeof fetchWith>[0])).toThrow('pipeline must be a pipeline');
  });
});

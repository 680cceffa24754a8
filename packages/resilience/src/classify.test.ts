import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { classifyErrors, http, pipeline, ResilienceError } from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';

const clock = new FakeClock();

/** An address on which nobody listens any more. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

const kindOf = (judged: ReturnType<ReturnType<typeof http>>): string => (typeof judged === 'string' ? judged : judged.kind);
const answer = (status: number, headers: Record<string, string> = {}) => {
  const judged = http()({ ok: true, value: new Response(null, { status, headers }) }, clock);
  return typeof judged === 'string' ? { kind: judged } : judged;
};

describe('http', () => {
  test.each([
    [200, 'success'],
    [301, 'success'],
    [400, 'success'],
    [404, 'success'],
    [408, 'transient'],
    [425, 'transient'],
    [429, 'throttled'],
    [500, 'transient'],
    [501, 'failure'],
    [503, 'transient'],
    [505, 'failure'],
  ])('status %i is %s', (status, kind) => {
    expect(answer(status).kind).toBe(kind);
  });

  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['Thursday, 01-Jan-26 00:01:00 GMT', 60_000],
    ['Thu Jan  1 00:01:00 2026', 60_000],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['99999999999999999999', undefined],
  ])('Retry-After %j is %s ms', (value, ms) => {
    expect(answer(503, { 'retry-after': value }).retryAfterMs).toBe(ms);
    expect(answer(429, { 'retry-after': value }).retryAfterMs).toBe(ms);
  });

  test('what fetch really rejects with', async () => {
    const closed = await closedUrl();
    const refused = await fetch(closed).catch((error: unknown) => error);
    const invalid = await fetch('http://').catch((error: unknown) => error);
    const aborted = await fetch(closed, { signal: AbortSignal.abort() }).catch((error: unknown) => error);
    expect([refused, invalid, aborted].map((error) => kindOf(http()({ ok: false, error }, clock)))).toEqual([
      'transient',
      'ignored',
      'ignored',
    ]);
  });

  test('a value that is no response is a success', () => {
    for (const value of [undefined, null, 1, { status: 500 }, { status: '500', headers: new Headers() }]) {
      expect(kindOf(http()({ ok: true, value }, clock))).toBe('success');
    }
  });

  test('a body that is being read is left alone', async () => {
    const response = new Response('text', { status: 503 });
    const text = response.text();
    const judged = http()({ ok: true, value: response }, clock);
    if (typeof judged !== 'string') judged.discard?.();
    expect(await text).toBe('text');
  });
});

describe('classifyErrors', () => {
  test.each([
    ['an error', new Error('x'), 'transient'],
    ['a TypeError', new TypeError('x'), 'transient'],
    ['a string', 'x', 'transient'],
    ['nothing', undefined, 'transient'],
    ['an AbortError', new DOMException('x', 'AbortError'), 'ignored'],
    ['a TimeoutError', new DOMException('x', 'TimeoutError'), 'transient'],
    ['an aborted pipeline inside', new ResilienceError('ABORTED', 'x'), 'ignored'],
  ])('%s is %s', (_name, error, kind) => {
    expect(kindOf(classifyErrors({ ok: false, error }, clock))).toBe(kind);
  });

  test('an open circuit of a pipeline inside hands its retryAfterMs on', async () => {
    const inner = new ResilienceError('CIRCUIT_OPEN', 'open', { retryAfterMs: 700 });
    expect(await pipeline('outer', []).executeOutcome(() => Promise.reject(inner))).toMatchObject({ kind: 'transient', retryAfterMs: 700 });
  });
});

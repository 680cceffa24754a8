import { describe, expect, test } from 'vitest';
import { fallback, type FallbackHandler, http, pipeline } from '@nines/resilience';
import { down, errorOf, flush, never } from '../test/calls.ts';

const withFallback = (handler: FallbackHandler) => pipeline('p', [fallback(handler)], { classify: http() });

describe('fallback', () => {
  test('gives another value for an error, sync or async, and the outcome keeps the kind of what went wrong', async () => {
    const seen: unknown[] = [];
    const p = withFallback(({ error, kind, ctx }) => {
      seen.push((error as Error).message, kind, ctx.key);
      return 'cached';
    });
    expect(await p.executeOutcome(down, { key: 'sku' })).toMatchObject({ ok: true, value: 'cached', kind: 'transient', attempts: [{}] });
    expect(seen).toEqual(['down', 'transient', 'sku']);
    expect(await withFallback(async () => 'later').execute(down)).toBe('later');
  });

  test('gives another value for a response of status 503, and frees that one', async () => {
    let cancelled = 0;
    const respond = () => new Response(new ReadableStream({ cancel: () => void (cancelled += 1) }), { status: 503 });
    const p = withFallback(({ value, error }) => `${(value as Response).status} ${String(error)}`);
    expect([await p.execute(respond), cancelled]).toEqual(['503 undefined', 1]);
  });

  test('is not asked for a success, nor when the caller left', async () => {
    let asked = 0;
    const p = withFallback(() => (asked += 1));
    expect(await p.execute(() => 'fresh')).toBe('fresh');
    const left = await p.executeOutcome(never, { signal: AbortSignal.abort() });
    expect([errorOf(left)?.code, asked]).toEqual(['ABORTED', 0]);
  });

  test('a handler that throws is what the call rejects with', async () => {
    const error = new Error('no cache');
    await expect(withFallback(() => Promise.reject(error)).execute(down)).rejects.toBe(error);
  });

  test('a handler that hangs does not hold a caller who leaves', async () => {
    const caller = new AbortController();
    const call = withFallback(never).executeOutcome(down, { signal: caller.signal });
    await flush();
    caller.abort();
    expect(errorOf(await call)?.code).toBe('ABORTED');
  });

  test('refuses what is no function', () => {
    expect(() => fallback('cached' as never)).toThrow('fallback: handler must be a function, got "cached"');
  });
});

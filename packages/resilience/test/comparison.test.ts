import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import * as pRetryModule from 'p-retry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeTimers, shutDown } from './naked-opossum.ts';

/*
 * The facts of docs/guides/opossum-p-retry-or-native.md that no test of a fault shows, and a check that the page cites only
 * tests that exist.
 */

beforeEach(fakeTimers);
afterEach(shutDown);

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('what the installed libraries have', () => {
  test('cockatiel exports retry, breaker, timeout, bulkhead and fallback, and no budget, hedge, deadline, rate, adaptive limit or telemetry', () => {
    const names = Object.keys(cockatiel);
    for (const name of [
      'retry',
      'circuitBreaker',
      'timeout',
      'bulkhead',
      'fallback',
      'ConsecutiveBreaker',
      'CountBreaker',
      'SamplingBreaker',
    ]) {
      expect(names).toContain(name);
    }
    expect(
      names.filter((name) => /budget|hedg|deadline|ratelimit|adaptive|shed|throttl|chaos|metric|trac|telemetr|key/i.test(name)),
    ).toEqual([]);
  });

  test('opossum exports one class, a breaker, and p-retry one loop', () => {
    const methods = Object.getOwnPropertyNames(CircuitBreaker.prototype).filter((name) => !name.startsWith('_'));
    expect(methods).toEqual(expect.arrayContaining(['fire', 'fallback', 'healthCheck', 'clearCache', 'shutdown']));
    expect(methods.filter((name) => /retry|budget|hedg|deadline|rate|isolate|metric|trac|key/i.test(name))).toEqual([]);
    expect(Object.keys(pRetryModule).toSorted()).toEqual(['AbortError', 'default', 'makeRetriable']);
  });
});

test('cockatiel rejects with the last error alone, which knows nothing of the others', async () => {
  let runs = 0;
  const run = (): never => {
    runs += 1;
    throw new Error(`error ${runs}`);
  };
  const call = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2 }).execute(run);
  const ended = call.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10);
  const error = await ended;
  expect([(error as Error).message, Object.getOwnPropertyNames(error)]).toEqual(['error 3', ['stack', 'message']]);
});

test.each([new TypeError('wrapped'), 'a string'])('cockatiel retries whatever its policy names: %s', async (thrown) => {
  let runs = 0;
  const call = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2 }).execute(() => {
    runs += 1;
    throw thrown;
  });
  const ended = call.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10);
  expect([await ended, runs]).toEqual([thrown, 3]);
});

test('cockatiel and p-retry ship types', () => {
  const require = createRequire(import.meta.url);
  for (const [name, types] of [
    ['cockatiel', 'dist/index.d.ts'],
    ['p-retry', 'index.d.ts'],
  ] as const) {
    const folder = dirname(require.resolve(name)).replace(/\/dist$/, '');
    expect(existsSync(join(folder, types))).toBe(true);
  }
});

test('p-retry hears an abort in its wait when it is given the signal', async () => {
  const caller = new AbortController();
  const call = pRetryModule.default(() => Promise.reject(new Error('down')), { signal: caller.signal });
  const ended = call.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(100);
  caller.abort('gone');
  expect(await ended).toBe('gone');
});

test('a breaker of cockatiel has no timer', () => {
  const before = vi.getTimerCount();
  cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 1_000, breaker: new cockatiel.ConsecutiveBreaker(1) });
  expect(vi.getTimerCount()).toBe(before);
});

/** The text of all tests of this package, among it their names. */
function tests(): string {
  const folders = ['../src/', './'].map((folder) => new URL(folder, import.meta.url));
  return folders
    .flatMap((folder) => readdirSync(folder).map((file) => new URL(file, folder)))
    .filter(({ pathname }) => /\.(test|suite)\.ts$/.test(pathname))
    .map((url) => readFileSync(url, 'utf8'))
    .join('\n');
}

describe.each(['../../../docs/guides/opossum-p-retry-or-native.md', '../README.md'])('%s', (page) => {
  test('cites only tests that exist', () => {
    const cited = [...read(page).matchAll(/probe: “([^”]+)”/g)].map((match) => match[1] ?? '');
    expect(cited.length).toBeGreaterThan(4);
    const names = tests();
    expect(cited.filter((name) => !names.includes(name.replaceAll('\n', ' ')))).toEqual([]);
  });
});

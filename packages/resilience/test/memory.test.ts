import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/*
 * What stays in memory, measured in a process of its own after a full collection, so that it depends on no other test.
 */

/** Bytes that a program says it keeps, line by line. */
async function kept(program: string): Promise<number[]> {
  const prelude = `
    import CircuitBreaker from 'opossum';
    import pRetryPlain from 'p-retry';
    import { circuitBreaker, pipeline } from '@nines/resilience';
    import { instrument, opossum } from '@nines/resilience/opossum';
    import { instrument as instrumentRetry } from '@nines/resilience/p-retry';
    const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
    const down = () => Promise.reject(new Error('down'));
    async function growth(warm, run) {
      await warm();
      const before = heap();
      await run();
      console.log(heap() - before);
    }`;
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const options = ['--conditions=@nines/source', '--expose-gc', '--input-type=module-typescript', '-e', prelude + program];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: folder, timeout: 60_000 });
  return stdout.trim().split('\n').map(Number);
}

test('a native breaker with its key takes at most 1 KB, and 10,000 keyed breakers stay 10,000 whatever the keys', async () => {
  const [breakers = Number.NaN, more = Number.NaN] = await kept(`
    const p = pipeline('p', [circuitBreaker({ key: (ctx) => ctx.key, maxKeys: 10_000 })]);
    const warm = pipeline('warm', [circuitBreaker({ key: (ctx) => ctx.key })]);
    // The keys are the caller's, and were there before.
    const keys = Array.from({ length: 60_000 }, (_, i) => 'host-' + i + '.example');
    new Map(keys.map((key) => [key, key]));
    const calls = async (from, to, on = p) => {
      for (let i = from; i < to; i++) await on.execute(() => 1, { key: keys[i] });
    };
    await growth(() => calls(0, 1_000, warm), () => calls(0, 10_000));
    await growth(() => {}, () => calls(10_000, 60_000));
    if (p.snapshot().policies[0].breakers.closed + warm.snapshot().policies[0].breakers.closed !== 11_000) throw new Error('not as many as the keys allow');`);
  console.log(`memory: ${Math.round(breakers / 10_000)} bytes a breaker with its key; ${more} bytes more after 50,000 other keys`);
  expect(breakers / 10_000).toBeLessThanOrEqual(1_024);
  expect(more).toBeLessThan(1_000_000);
});

test('keyed breakers of opossum are bounded too', async () => {
  const [more = Number.NaN] = await kept(`
    const p = pipeline('p', [opossum({ key: (ctx) => ctx.key, maxKeys: 100 })]);
    let next = 0;
    const calls = async (count) => {
      for (let i = 0; i < count; i++) await p.execute(() => 1, { key: 'host-' + (next += 1) });
    };
    await growth(() => calls(500), () => calls(5_000));`);
  expect(more).toBeLessThan(1_000_000);
});

test('instrumented breakers and retries keep nothing of calls that have ended, whatever way they did', async () => {
  const grown = await kept(`
    const breaker = new CircuitBreaker((ok) => (ok ? Promise.resolve() : down()), {
      rollingCountTimeout: 60_000, rollingPercentilesEnabled: false, enableSnapshots: false, volumeThreshold: 1e9, cache: true,
      cacheGetKey: (_ok, bad) => { if (bad) throw new Error('key'); return 'k'; },
      errorFilter: () => true,
    });
    instrument(breaker, { observer: {} });
    // opossum itself keeps latencies: they are thrown away, so that what is left is ours.
    const calls = async (count) => {
      for (let i = 0; i < count; i++) {
        await breaker.fire(false).catch(() => {});
        try { breaker.fire(true, true); } catch {}
      }
      breaker.status.window[0].latencyTimes.length = 0;
    };
    await growth(() => calls(2_000), () => calls(20_000));
    const pRetry = instrumentRetry(pRetryPlain, { name: 'p', observer: {} });
    const tries = async (count) => {
      for (let i = 0; i < count; i++) await pRetry(down, { retries: 1, minTimeout: 0 }).catch(() => {});
    };
    await growth(() => tries(1_000), () => tries(10_000));`);
  expect(grown).toHaveLength(2);
  for (const bytes of grown) expect(bytes).toBeLessThan(500_000);
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, inject, onTestFinished, test } from 'vitest';
import { bundle } from '../../../tools/bundle/bundle.ts';
import { runOnce } from '../demo/once.ts';
import { expectedPath } from '../demo/trace.ts';
import { testSystem } from './harness.ts';

test('bundles, in a folder without node_modules, deliver one event as one trace and stop in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nines-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [api, worker] = await Promise.all([bundle('api', folder), bundle('worker', folder)]);
  const tracesFile = join(folder, 'spans.jsonl');
  const system = await testSystem({
    redisUrl: inject('redisUrl'),
    files: { api: pathToFileURL(api.file), worker: pathToFileURL(worker.file) },
    env: { NINES_TRACES_FILE: tracesFile },
  });
  // Stops each process, and throws when one does not end with 0.
  const { spans, state } = await runOnce(system, tracesFile, () => {});
  expect(state).toBe('completed');
  expect(spans.map(({ service, name }) => [service, name])).toEqual(expectedPath);
});

test.each(['api', 'worker'] as const)('the bundle of %s is small, and names what is inside', async (service) => {
  const folder = mkdtempSync(join(tmpdir(), 'nines-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { file, packages } = await bundle(service, folder);
  expect(gzipSync(readFileSync(file)).length).toBeLessThan(1_000_000);
  const licences = readFileSync(join(folder, `${service}.licenses.txt`), 'utf8');
  const titles = [...licences.matchAll(/^={80}\n(\S+) \(/gm)].map(([, title]) => title);
  expect(titles).toEqual(packages);
  expect(packages).toContain('ioredis@6.0.0');
});

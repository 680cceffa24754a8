import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createStranger, strangerEnv } from '../../tools/stranger/stranger.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { runOk } from '../../tools/workspace/run.ts';

const RECIPES = join(ROOT, 'examples', 'recipes');
const recipes = globSync('*/package.json', { cwd: RECIPES }).map((file) => file.replace(/[\\/].*/, ''));
const redisUrl = inject('packedRedisUrl');

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

/** A copy of the recipe outside of the repository, with our packages from their tarballs and everything else as its manifest has it. */
async function installed(recipe: string): Promise<{ readonly folder: string; readonly start: readonly string[] }> {
  const stranger = createStranger();
  onTestFinished(() => stranger.remove());
  const { folder } = stranger;
  cpSync(join(RECIPES, recipe), folder, { recursive: true, filter: (path) => !/[\\/](node_modules|dist)$/.test(path) });
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  for (const [name, tarball] of Object.entries(inject('tarballs'))) {
    for (const group of [manifest.dependencies, manifest.devDependencies]) if (name in group) group[name] = `file:${basename(tarball)}`;
    copyFileSync(tarball, join(folder, basename(tarball)));
  }
  writeFileSync(file, JSON.stringify(manifest));
  await stranger.install();
  const [, ...start] = manifest.scripts['start']?.split(' ') ?? [];
  return { folder, start };
}

interface Line {
  readonly msg: string;
  readonly order?: string;
  readonly trace_id?: string;
  readonly url?: string;
  readonly probes?: string;
}

interface Service {
  readonly url: string;
  readonly probes: string;
  readonly lines: readonly Line[];
  /** Resolves to the first line with this message, past or future. */
  readonly line: (msg: string) => Promise<Line>;
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
}

async function started(folder: string, start: readonly string[], env: Readonly<Record<string, string>>): Promise<Service> {
  const child = spawn(process.execPath, start, {
    cwd: folder,
    env: { ...process.env, ...strangerEnv(), ...env, PORT: '0', PROBES_PORT: '0', REDIS_URL: redisUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const lines: Line[] = [];
  // A line that is no JSON throws here, and so fails the test.
  const reader = createInterface(child.stdout).on('line', (text) => lines.push(JSON.parse(text) as Line));
  const line = async (msg: string) => {
    for (;;) {
      const found = lines.find((one) => one.msg === msg);
      if (found !== undefined) return found;
      await Promise.race([
        once(reader, 'line'),
        exit.then(([status]) => Promise.reject(new Error(`ended with ${String(status)} before it said "${msg}"`))),
      ]);
    }
  };
  const { url = '', probes = '' } = await line('listening');
  return { url, probes, lines, line, child, exit };
}

/** The service that the recipes call; it can keep its callers waiting. */
async function startWarehouse() {
  const shipped: string[] = [];
  const traces: (string | undefined)[] = [];
  let held: ServerResponse[] | undefined;
  const server = createServer((request, response) => {
    request.resume();
    shipped.push(String(request.headers['idempotency-key']));
    traces.push(String(request.headers['traceparent']).split('-')[1]);
    if (held === undefined) response.writeHead(204).end();
    else held.push(response);
    server.emit('called');
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/shipments`,
    shipped,
    traces,
    /** Resolves when at least so many calls have come. */
    async called(count: number) {
      while (shipped.length < count) await once(server, 'called');
    },
    hold: () => void (held ??= []),
    release() {
      for (const response of held ?? []) response.writeHead(204).end();
      held = undefined;
    },
  };
}

function order(url: string, number: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = JSON.stringify({ number, sku: 'tea' });
  return fetch(`${url}/orders`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

async function followOneTrace({ url, probes, line, lines }: Service, warehouse: Awaited<ReturnType<typeof startWarehouse>>): Promise<void> {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const response = await order(url, 'first', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  expect([response.status, await response.json()]).toEqual([202, { id: 'first' }]);
  await line('shipped');
  expect(warehouse.traces).toEqual([traceId]);
  const told = lines.filter((one) => one.order === 'first').map(({ msg, trace_id }) => `${msg} ${trace_id}`);
  expect(told.toSorted()).toEqual([`accepted ${traceId}`, `shipped ${traceId}`]);
  expect((await order(url, 'no spaces, please')).status).toBe(400);
  await expect.poll(async () => (await fetch(`${probes}/readyz`)).status).toBe(200);
}

describe.each(recipes)('the recipe for %s', (recipe) => {
  test('has a service of at most 80 lines', () => {
    const files = globSync('src/**/*.ts', { cwd: join(RECIPES, recipe) });
    const lines = files.flatMap((file) =>
      readFileSync(join(RECIPES, recipe, file), 'utf8')
        .trimEnd()
        .split('\n'),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(80);
  });

  test.skipIf(redisUrl === '')('works where only its manifest is known', async () => {
    const { folder, start } = await installed(recipe);
    const env = strangerEnv();
    await runOk(['npm', 'run', 'check'], { cwd: folder, env });
    await runOk(['npm', 'test'], { cwd: folder, env: { ...env, REDIS_URL: redisUrl } });

    const warehouse = await startWarehouse();
    const settings = { NAMESPACE: `recipe-${recipe}-${process.pid}`, WAREHOUSE_URL: warehouse.url };
    const service = await started(folder, start, settings);
    await followOneTrace(service, warehouse);

    // More than the service works on at once: some run, some wait, when the signal comes.
    const numbers = Array.from({ length: 40 }, (_, n) => `order-${n}`);
    warehouse.hold();
    const answers = await Promise.all(numbers.map((number) => order(service.url, number)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await warehouse.called(1 + 16);
    service.child.kill('SIGTERM');
    await service.line('shutdown started');
    warehouse.release();
    expect(await service.exit).toEqual([0, null]);

    const next = await started(folder, start, settings);
    await warehouse.called(1 + numbers.length);
    await expect.poll(() => new Set(warehouse.shipped)).toEqual(new Set(['first', ...numbers]));
    next.child.kill('SIGTERM');
    expect(await next.exit).toEqual([0, null]);
  });
});

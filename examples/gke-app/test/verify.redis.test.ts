import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Description } from '../../../tools/verify/description.ts';
import type { Row } from '../../../tools/verify/verify.ts';
import { ROOT } from '../../../tools/workspace/packages.ts';
import { startChild, type Child } from '../demo/child.ts';
import { createTraceStore } from '../demo/console/trace-store.ts';
import { ensurePrometheus } from '../demo/prometheus/ensure.ts';
import { startPrometheus } from '../demo/prometheus/start.ts';

const main = new URL('../demo/main.ts', import.meta.url);

interface Verified {
  readonly status: number | null;
  readonly rows: readonly Row[];
  readonly stderr: string;
}

async function verify(...args: string[]): Promise<Verified> {
  const env = { ...process.env, REDIS_URL: inject('redisUrl'), DESTINATIONS: '', WEBHOOK_SECRET: '' };
  const child = spawn(join(ROOT, 'deploy/verify'), ['--local', '--json', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const [status] = await closed;
  const rows = stdout.length === 0 ? [] : (JSON.parse(stdout.toString()) as { rows: Row[] }).rows;
  return { status, rows, stderr: stderr.toString() };
}

/** A demo as `npm run demo -- --describe FILE` starts it. */
async function demo(more: Readonly<Record<string, string>> = {}): Promise<{ child: Child; file: string; description: Description }> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-test-'));
  const file = join(folder, 'demo.json');
  const env = { REDIS_URL: inject('redisUrl'), QUEUE_NAMESPACE: `test-${randomUUID()}`, DESTINATIONS: '', WEBHOOK_SECRET: '', ...more };
  const child = startChild('demo', main, env, ['--describe', file, '--rate', '5']);
  onTestFinished(async () => {
    await child.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  // It counts only once it has described itself.
  await child.line(({ text }) => text.startsWith('accepted '));
  return { child, file, description: JSON.parse(readFileSync(file, 'utf8')) as Description };
}

const program = await ensurePrometheus(() => {});
const failed = (rows: readonly Row[]) => rows.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check);
const outcomes = (rows: readonly Row[]) => Object.fromEntries(rows.map(({ check, outcome }) => [check, outcome]));

describe.skipIf(process.platform === 'win32')('deploy/verify --local', () => {
  test('starts the demo, finds one event as one trace in both logs, and ends it again', { timeout: 120_000 }, async () => {
    const { status, rows } = await verify();
    // Where there is no Prometheus, nobody can be asked for series.
    const series = program === undefined ? 'not asked' : 'ok';
    expect(rows.map(({ outcome }) => outcome)).toEqual([...Array<string>(7).fill('ok'), series]);
    expect(rows.map(({ check }) => check)).toEqual([
      'all processes are ready',
      'one event is accepted',
      'it is delivered',
      'the api logged it',
      'the worker logged it',
      'it is one trace',
      'its trace is found',
      'its series is found',
    ]);
    expect(rows[5]?.detail).toMatch(/^[\da-f]{32}$/);
    expect(rows[6]?.detail).toMatch(/^\d+ spans, of api and worker$/);
    expect(status).toBe(0);
  });

  test('passes on a running demo, and fails while its workers are stopped', { timeout: 120_000 }, async () => {
    const { file, description } = await demo();
    expect(await verify('--describe', file)).toMatchObject({ status: 0 });

    const workers = description.processes.filter(({ name }) => name === 'worker');
    for (const { pid } of workers) process.kill(pid, 'SIGSTOP');
    const stopped = await verify('--describe', file, '--timeout', '3').finally(() => {
      for (const { pid } of workers) process.kill(pid, 'SIGCONT');
    });
    expect(stopped.status).toBe(1);
    expect(outcomes(stopped.rows)).toEqual({
      'all processes are ready': 'failed',
      'one event is accepted': 'ok',
      'it is delivered': 'failed',
      'the api logged it': 'ok',
      'the worker logged it': 'failed',
      'it is one trace': 'failed',
      'its trace is found': 'not tried',
      'its series is found': 'not tried',
    });
    for (const { pid } of workers) expect(stopped.rows[0]?.detail).toContain(`worker-${pid}: /readyz does not answer`);

    expect(await verify('--describe', file)).toMatchObject({ status: 0 });
  });

  test('fails while the spans go elsewhere, and while no Prometheus scrapes', { timeout: 120_000 }, async () => {
    // The event is found although its sampler keeps none of the others.
    const { file, description } = await demo({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' });
    const elsewhere = await createTraceStore();
    onTestFinished(() => elsewhere.close());
    const traces = await verify('--describe', file, '--traces', elsewhere.url, '--timeout', '3');
    expect([traces.status, failed(traces.rows)]).toEqual([1, ['its trace is found']]);
    expect(traces.rows[6]?.detail).toMatch(
      /^[\da-f]{32} has 0 spans, and none is POST \/process of the api or process deliveries of the worker$/,
    );
    if (program === undefined) return;

    const prometheus = await startPrometheus({ program });
    onTestFinished(() => prometheus.stop());
    const idle = await verify('--describe', file, '--prometheus', prometheus.url, '--timeout', '3');
    expect([idle.status, failed(idle.rows)]).toEqual([1, ['its series is found']]);
    expect(idle.rows[7]?.detail).toBe('no counter of the api and of the worker is higher than before the event');
    await prometheus.scrape(
      description.processes.flatMap(({ name, probesUrl }) => (probesUrl === undefined ? [] : [{ name, url: probesUrl }])),
    );
    expect(await verify('--describe', file, '--prometheus', prometheus.url)).toMatchObject({ status: 0 });
    await prometheus.stop();
    const stopped = await verify('--describe', file, '--prometheus', prometheus.url, '--timeout', '3');
    expect([stopped.status, failed(stopped.rows)]).toEqual([1, ['its series is found']]);
    expect(stopped.rows[7]?.detail).toContain(`${prometheus.url} does not answer`);
  });

  test('fails on an event that is refused, and says why', { timeout: 60_000 }, async () => {
    const { file } = await demo();
    const { status, rows } = await verify('--describe', file, '--destination', 'nobody');
    expect(status).toBe(1);
    expect(rows[1]).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(/answered 422.*UNKNOWN_DESTINATION/) as string });
    expect(rows.slice(2).every(({ outcome }) => outcome === 'not tried')).toBe(true);
  });

  test('fails when the demo has ended', { timeout: 60_000 }, async () => {
    const { child, file } = await demo();
    await child.stop('SIGTERM');
    const { status, rows } = await verify('--describe', file, '--timeout', '1');
    expect(status).toBe(1);
    expect(rows[0]?.detail).toMatch(/^0 of 4; receiver-\d+: ended/);
  });
});

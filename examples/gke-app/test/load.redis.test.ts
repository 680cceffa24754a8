import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis } from '../../../tools/redis/start.ts';
import { startChild, type Child } from '../demo/child.ts';
import type { LoadReport } from '../demo/load/statistics.ts';
import { testSystem } from './harness.ts';
import { startPrometheus } from './prometheus.ts';

const redisProgram = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';
const prometheusProgram = onPath('prometheus');
const cli = new URL('../../../packages/slo/src/cli.ts', import.meta.url);
const main = new URL('../demo/load/main.ts', import.meta.url);
const objectives = fileURLToPath(new URL('gate-objectives.ts', import.meta.url));

const run = async (name: string, file: URL, args: readonly string[]): Promise<{ readonly code: number | null; readonly child: Child }> => {
  const child = startChild(name, file, {}, args);
  onTestFinished(() => void child.stop('SIGKILL'));
  return { code: (await child.ended).code, child };
};
const said = (child: Child) => child.lines.map(({ text }) => text).join('\n');
const reportOf = (child: Child) =>
  child.lines.map(({ fields }) => fields).find((fields) => 'objectives' in fields) as unknown as LoadReport;

test(
  'npm run load and nines-slo gate agree: kept while the api is healthy, broken while it refuses',
  { timeout: 180_000 },
  async ({ skip }) => {
    if (prometheusProgram === undefined) skip('prometheus is missing: install the package prometheus of your system');
    if (redisProgram === '') skip('there is no Redis program to spoil');
    const redis = await startRedis({ program: redisProgram });
    onTestFinished(() => redis.stop('SIGKILL'));
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    const system = await testSystem({ redisUrl: redis.url });
    const url = await startPrometheus(prometheusProgram ?? '', [system.probesUrl(system.api)]);
    const load = async (seconds: number) => {
      const { code, child } = await run('load', main, ['--url', system.apiUrl, '--rate', '150', '--duration', String(seconds), '--json']);
      return { code, report: reportOf(child) };
    };
    const gate = async () => (await run('gate', cli, ['gate', objectives, '--prometheus', url, '--recent', '5s', '--json'])).code;

    const healthy = await load(21);
    expect(healthy.report.requests).toBe(3150);
    expect(healthy.report.objectives[0]).toMatchObject({ name: 'availability', total: 3150, bad: 0, verdict: 'kept' });
    // Whether the answers were quick enough is up to this machine; the exit status follows the worst.
    expect(healthy.code).toBe(healthy.report.verdict === 'broken' ? 1 : 0);
    expect(await gate()).toBe(0);

    await admin.config('SET', 'maxmemory', '1');
    const broken = await load(3);
    expect(broken.report.objectives[0]).toMatchObject({ name: 'availability', total: 450, bad: 450, verdict: 'broken' });
    expect(broken.report.statuses).toEqual({ 503: 450 });
    expect(broken.code).toBe(1);
    expect(await gate()).toBe(1);

    const stranger = await run('load', main, ['--url', system.apiUrl, '--rate', '10', '--duration', '1', '--destination', 'nobody']);
    expect(stranger.code).toBe(2);
    expect(said(stranger.child)).toContain('refuses every event (422)');
  },
);

test('npm run load ends with 2 where nothing answers, and for a wrong option', async () => {
  const nobody = await run('load', main, ['--url', 'http://127.0.0.1:1', '--rate', '10', '--duration', '1']);
  expect(nobody.code).toBe(2);
  expect(said(nobody.child)).toContain('nothing answers at http://127.0.0.1:1');
  const wrong = await run('load', main, ['--rate', '0']);
  expect(wrong.code).toBe(2);
  expect(said(wrong.child)).toContain('--rate must be a whole number from 1 to 2000, got 0');
});

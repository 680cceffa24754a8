import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis } from '../../../tools/redis/start.ts';
import { startChild } from '../demo/child.ts';
import { postEvent, testSystem } from './harness.ts';
import { startPrometheus } from './prometheus.ts';

const redisProgram = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';
const prometheusProgram = onPath('prometheus');
const cli = new URL('../../../packages/slo/src/cli.ts', import.meta.url);
const objectives = fileURLToPath(new URL('gate-objectives.ts', import.meta.url));

test('nines-slo gate asks a real Prometheus that scrapes the api: 0 when it is healthy, 1 after an outage', async ({ skip }) => {
  if (prometheusProgram === undefined) skip('prometheus is missing: install the package prometheus of your system');
  if (redisProgram === '') skip('there is no Redis program to spoil');
  const redis = await startRedis({ program: redisProgram });
  onTestFinished(() => redis.stop('SIGKILL'));
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  const system = await testSystem({ redisUrl: redis.url });
  const url = await startPrometheus(prometheusProgram ?? '', [system.probesUrl(system.api)]);
  const gate = async () => {
    const child = startChild('gate', cli, {}, ['gate', objectives, '--prometheus', url, '--recent', '5s', '--json']);
    const { code } = await child.ended;
    return { code, said: child.lines.map(({ text }) => text).join('\n') };
  };
  const served = async (status: RegExp) => {
    const query = `sum(http_server_request_duration_seconds_count{http_route="/process",http_response_status_code=~"${status.source}"})`;
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  };
  const post = async (least: number, status: RegExp) => {
    await expect
      .poll(
        async () => {
          await postEvent(system.apiUrl, {});
          return served(status);
        },
        { interval: 20, timeout: 30_000 },
      )
      .toBeGreaterThanOrEqual(least);
  };

  expect(await gate(), 'before any event').toMatchObject({ code: 1, said: expect.stringContaining('no-data') as string });
  await post(50, /2../);
  const healthy = await gate();
  expect(healthy).toMatchObject({ code: 0, said: expect.stringContaining('"decision": "ship"') as string });

  await admin.config('SET', 'maxmemory', '1');
  await post(10, /5../);
  expect(await gate()).toMatchObject({ code: 1, said: expect.stringContaining('"decision": "freeze"') as string });
});

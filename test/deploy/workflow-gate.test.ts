import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../tools/redis/machine.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

/** The gate after a release, as a process, asking a real Prometheus that scrapes counters which this test turns. */
const program = onPath('prometheus');
const MAIN = join(ROOT, 'tools/slo-gate/main.ts');
const OBJECTIVES = join(ROOT, 'examples/gke-app/src/objectives.ts');

interface Service {
  readonly url: string;
  good: number;
  bad: number;
}

async function startService(): Promise<Service> {
  const service = { url: '', good: 0, bad: 0 };
  const server = createServer((_, response) => {
    // Requests come all the time, as from users: each scrape sees more of them.
    service.good += service.bad > 0 ? 0 : 10;
    service.bad += service.bad > 0 ? 10 : 0;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    const line = (status: number, count: number) =>
      `http_server_request_duration_seconds_count{http_route="/process",http_response_status_code="${status}"} ${count}\n`;
    response.end(`# TYPE http_server_request_duration_seconds_count counter\n${line(202, service.good)}${line(503, service.bad)}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}

/** A real Prometheus that scrapes this address four times a second, and has done so at least twice. */
async function startPrometheus(path: string, target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-gate-'));
  const scrape_configs = [{ job_name: 'api', static_configs: [{ targets: [new URL(target).host] }] }];
  const config = { global: { scrape_interval: '250ms', scrape_timeout: '250ms' }, scrape_configs };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${folder}`, '--web.listen-address=127.0.0.1:0'];
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = await new Promise<string>((found, failed) => {
    createInterface(child.stderr).on('line', (line) => {
      const address = /Listening on.* address=(\S+)/.exec(line)?.[1];
      if (address !== undefined) found(`http://${address}`);
    });
    child.once('close', () => failed(new Error('prometheus ended')));
  });
  const query = `${url}/api/v1/query?query=${encodeURIComponent('sum(increase(http_server_request_duration_seconds_count[10s])) > 0')}`;
  await expect
    .poll(async () => (await fetch(query).then((answer) => answer.text(), String)).includes('"value"'), { timeout: 30_000 })
    .toBe(true);
  return url;
}

async function gate(url: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, ['--conditions=@nines/source', MAIN, OBJECTIVES, '--prometheus', url, '--every', '0.25', ...args]);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said: chunks.join('') };
}

test('the gate is fine while events succeed, and ends early once they burn the budget', async ({ skip }) => {
  if (program === undefined) skip('prometheus is missing: install the package prometheus of your system');
  const service = await startService();
  const url = await startPrometheus(program ?? '', service.url);

  const healthy = await gate(url, '--watch', '3');
  expect(healthy.said).toMatch(/^api availability: 0 of \d+ bad, burn rate 0\.0$/m);
  expect(healthy.said).toMatch(/^worker delivery: no event$/m);
  expect(healthy).toMatchObject({ code: 0, said: expect.stringMatching(/\nslo gate: fine\n$/) as string });

  service.bad = 1;
  // An hour is allowed, and not needed: it would be the test's own limit that ends it.
  const burning = await gate(url, '--watch', '3600');
  expect(burning.said).toMatch(/^api availability: [1-9]\d* of \d+ bad, burn rate [1-9]\d*\.\d$/m);
  expect(burning).toMatchObject({ code: 1, said: expect.stringMatching(/\nslo gate: burns\n$/) as string });
});

test('the gate cannot tell when nothing answers, and says why', async () => {
  expect(await gate('http://127.0.0.1:1', '--watch', '0')).toMatchObject({
    code: 2,
    said: expect.stringMatching(/127\.0\.0\.1:1[^]*slo gate: cannot tell\n$/) as string,
  });
});

test.each([
  ['--watch', '7200', '--watch must be a number from 0 to 3600, got 7200'],
  ['--burn-rate', 'fast', '--burn-rate must be a number from 1 to 1000, got fast'],
])('the gate refuses %s %s', async (option, value, says) => {
  expect(await gate('http://127.0.0.1:1', option, value)).toMatchObject({ code: 2, said: `${says}\n` });
});

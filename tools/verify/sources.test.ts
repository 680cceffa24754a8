import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cloudTraces, jaegerTraces, managedSeries, needGoogleToken, prometheusSeries } from './sources.ts';

const TRACE = '64a51ae609f4cd8971e68239997fcbc2';

/** Answers what it was given for a path, 404 for any other, and keeps who asked. */
async function answering(answers: Readonly<Record<string, string>>): Promise<{ url: string; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push(headers.authorization);
    const text = answers[decodeURIComponent(url)];
    response.writeHead(text === undefined ? 404 : 200).end(text ?? '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A gcloud that says this, in front of every other. */
function gcloud(script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'nines-gcloud-'));
  writeFileSync(join(folder, 'gcloud'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'gcloud'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
}

const vector = (...values: string[]) =>
  JSON.stringify({ data: { result: values.map((value, index) => ({ metric: { pod: `p${index}` }, value: [1, value] })) } });

test('a trace that is not there has no spans, and one whose host is away is an error that names it', async () => {
  const { url } = await answering({});
  expect(await jaegerTraces(`${url}/`)(TRACE)).toEqual([]);
  await expect(jaegerTraces('http://127.0.0.1:1')(TRACE)).rejects.toThrow('http://127.0.0.1:1 does not answer');
});

test('a Prometheus is asked for a counter of each service, with the token of PROMETHEUS_TOKEN', async () => {
  vi.stubEnv('PROMETHEUS_TOKEN', 'T');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { url, asked } = await answering({
    '/api/v1/query?query=http_server_request_duration_seconds_count{http_route="/process"}': vector('3', '4'),
    '/api/v1/query?query=nines_queue_attempts_total{queue="deliveries",outcome="completed"}': vector(),
  });
  const ask = prometheusSeries(url);
  expect([...(await ask('api')).values()]).toEqual([3, 4]);
  expect([...(await ask('worker'))]).toEqual([]);
  expect(new Set(asked)).toEqual(new Set(['Bearer T']));
  await expect(prometheusSeries(`${url}/elsewhere`)('api')).rejects.toThrow('it is not a Prometheus');
});

describe.skipIf(process.platform === 'win32')('Google Cloud', () => {
  test('is asked with the token of gcloud: Cloud Trace for the trace, Managed Prometheus for the namespace', async () => {
    gcloud('[ "$*" = "auth print-access-token" ] && echo a-token');
    const { url, asked } = await answering({
      [`/v1/projects/my-project/traces/${TRACE}`]: JSON.stringify({ spans: [{ spanId: '1', name: 'POST /process', labels: {} }] }),
      '/v1/projects/my-project/location/global/prometheus/api/v1/query?query=http_server_request_duration_seconds_count{http_route="/process",namespace="nines"}':
        vector('7'),
    });
    expect(await cloudTraces('my-project', url)(TRACE)).toEqual([{ name: 'POST /process', service: undefined }]);
    expect([...(await managedSeries('my-project', 'nines', url)('api')).values()]).toEqual([7]);
    expect(asked).toEqual(['Bearer a-token', 'Bearer a-token']);
  });

  test('is not asked without credentials, and the sentence says what to do', async () => {
    gcloud('exit 1');
    await expect(needGoogleToken()).rejects.toMatchObject({
      message: '--project asks Google Cloud, and gcloud has no credentials',
      command: 'gcloud auth login',
    });
  });
});

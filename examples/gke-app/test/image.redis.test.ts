import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { basesOf } from '../../../tools/offline/docker-images.ts';
import { findDocker, type Docker, type NoDocker } from '../../../tools/offline/docker.ts';
import { ROOT } from '../../../tools/workspace/packages.ts';
import { followChild, startChild, type Child } from '../demo/child.ts';
import { newSecret } from './harness.ts';

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const HARDENED = ['--read-only', '--user', '1000:1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'host'];
const receiverFile = new URL('../demo/receiver.ts', import.meta.url);

const found: Docker | NoDocker = process.platform === 'linux' ? await findDocker() : { reason: 'the test wants the host network of Linux' };
if ('reason' in found) process.stderr.write(`\nSKIPPED: the tests of the container images. ${found.reason}\n\n`);
const run = (...args: string[]): Promise<string> =>
  'env' in found ? found.docker(args, { timeoutMs: 600_000 }) : Promise.reject(new Error(found.reason));
const tag = (service: string): string => `nines-${service}:${REVISION}`;

/** What the Dockerfile says, so that the test builds on the very images that it names. */
function dockerfileArgument(name: string): string {
  return new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
}

async function buildBoth(docker: Docker): Promise<void> {
  const bases = await basesOf(docker, { BUILD_IMAGE: dockerfileArgument('BUILD_IMAGE'), BASE_IMAGE: dockerfileArgument('BASE_IMAGE') });
  if (bases.standIn) process.stderr.write('\nthe bases of the Dockerfile cannot be pulled here: built on stand-ins of the same shape\n');
  const args = { BUILD_IMAGE: bases.BUILD_IMAGE, BASE_IMAGE: bases.BASE_IMAGE, REVISION, VERSION: '1.2.3' };
  const flags = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  for (const service of ['api', 'worker']) await run('build', '--network', 'host', '--target', service, ...flags, '-t', tag(service), ROOT);
}

/** Runs an image as the cluster will; `docker run` ends as the container does, and hands signals on to it. */
function start(service: string, env: Readonly<Record<string, string>>): Child {
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const name = `nines-test-${randomUUID()}`;
  const args = ['run', '--rm', '--name', name, ...HARDENED, ...variables, tag(service)];
  const child = followChild(service, spawn('docker', args, { env: (found as Docker).env, stdio: ['pipe', 'pipe', 'pipe'] }));
  onTestFinished(async () => {
    await run('rm', '--force', name).catch(() => '');
    await child.ended;
  });
  return child;
}

/** Runs a script with the image's own Node, since there is nothing else inside, and gives what it prints. */
async function inside(service: string, script: string): Promise<Record<string, unknown>> {
  return JSON.parse(await run('run', '--rm', ...HARDENED, tag(service), '--eval', script)) as Record<string, unknown>;
}

const lineOf = ({ lines }: Child, message: string) => lines.find(({ fields }) => fields['msg'] === message)?.fields ?? {};

describe.skipIf('reason' in found)('the container images', () => {
  beforeAll(() => buildBoth(found as Docker), 600_000);
  afterAll(() => (found as Docker).stop(), 60_000);

  test.each(['api', 'worker'])('%s says what it is, runs as 1000, and has one small layer of its own', async (service) => {
    const [image] = JSON.parse(await run('image', 'inspect', tag(service))) as { Config: Record<string, unknown> }[];
    expect(image?.Config).toMatchObject({
      User: '1000:1000',
      Entrypoint: ['/nodejs/bin/node'],
      Cmd: [`/app/${service}.mjs`],
      Env: expect.arrayContaining(['NODE_ENV=production']) as unknown,
      Labels: {
        'org.opencontainers.image.title': `nines-${service}`,
        'org.opencontainers.image.revision': REVISION,
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.source': 'https://github.com/the-nines-authors/nines',
      },
    });
    const id = (await run('create', tag(service))).trim();
    onTestFinished(() => void run('rm', id));
    const copy = spawn('docker', ['cp', `${id}:/app`, '-'], { env: (found as Docker).env, stdio: ['ignore', 'pipe', 'inherit'] });
    const layer = await buffer(copy.stdout);
    const zipped = gzipSync(layer).length;
    process.stderr.write(`${service}: app layer ${Math.round(layer.length / 1024)} KiB, ${Math.round(zipped / 1024)} KiB gzip\n`);
    expect(zipped).toBeLessThan(1_000_000);
  });

  test.each(['api', 'worker'])('%s can write nowhere, has no capability, cannot gain one, and no shell', async (service) => {
    const script = `
      const { readFileSync, writeFileSync } = require('node:fs');
      const status = readFileSync('/proc/self/status', 'utf8');
      const field = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)[1];
      const write = (file) => { try { writeFileSync(file, ''); return 'written'; } catch (error) { return error.code; } };
      console.log(JSON.stringify({
        uid: process.getuid(), gid: process.getgid(), effective: field('CapEff'), bounding: field('CapBnd'), noNewPrivileges: field('NoNewPrivs'),
        app: write('/app/x'), tmp: write('/tmp/x'), shell: require('node:child_process').spawnSync('/bin/sh', ['-c', 'true']).error.code,
      }));`;
    const none = '0000000000000000';
    expect(await inside(service, script)).toEqual({
      uid: 1000,
      gid: 1000,
      effective: none,
      bounding: none,
      noNewPrivileges: '1',
      app: 'EROFS',
      tmp: 'EROFS',
      shell: 'ENOENT',
    });
  });

  test('one event passes through both as one trace, and SIGTERM ends both with 0', { timeout: 120_000 }, async () => {
    const WEBHOOK_SECRET = newSecret();
    const receiver = startChild('receiver', receiverFile, { PORT: '0', WEBHOOK_SECRET, OTEL_SERVICE_NAME: '' });
    onTestFinished(() => void receiver.stop('SIGKILL'));
    const receiverUrl = String((await receiver.line(({ fields }) => fields['msg'] === 'listening')).fields['url']);
    const shared = {
      REDIS_URL: inject('redisUrl'),
      QUEUE_NAMESPACE: `test-${randomUUID()}`,
      DESTINATIONS: `receiver=${receiverUrl}/hooks`,
    };
    const loopback = { HOST: '127.0.0.1', PORT: '0', PROBES_HOST: '127.0.0.1', PROBES_PORT: '0' };
    const api = start('api', { ...shared, ...loopback });
    const worker = start('worker', { ...shared, ...loopback, WEBHOOK_SECRET });
    await Promise.all([api, worker].map((child) => child.line(({ fields }) => fields['msg'] === 'health check up')));

    const accepted = await fetch(`${String(lineOf(api, 'listening')['url'])}/process?destination=receiver`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"hello": "container"}',
    });
    expect(accepted.status).toBe(202);
    const { id } = (await accepted.json()) as { id: string };
    const received = await receiver.line(({ fields }) => fields['msg'] === 'received');
    expect(received.fields).toMatchObject({ jobId: id, answer: 204, signature: 'valid' });

    expect(await worker.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await api.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const traceId = lineOf(api, 'accepted')['trace_id'];
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(lineOf(worker, 'delivered')).toMatchObject({ jobId: id, trace_id: traceId });
    expect(received.fields['trace_id']).toBe(traceId);
  });
});

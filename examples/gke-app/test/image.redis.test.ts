import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { findContainers, IMAGE_BUILD, imageOf } from '../../../tools/test/containers.ts';
import { bundle, SERVICES, type Service } from '../../../tools/bundle/bundle.ts';
import { followChild, startChild, type Child } from '../demo/child.ts';
import { allDelivered, deliveredIds, newSecret, postEvent } from './harness.ts';

const HARDENED = ['--read-only', '--user', '1000:1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'host'];
const receiverFile = new URL('../demo/receiver.ts', import.meta.url);

const containers = await findContainers();
const { docker, env: dockerEnv } = containers;

/** Runs an image as the cluster will; `docker run` ends as the container does, and hands signals on to it. */
function start(service: Service, env: Readonly<Record<string, string>>): Child {
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const name = `nines-test-${randomUUID()}`;
  const args = ['run', '--rm', '--name', name, ...HARDENED, ...variables, imageOf(service)];
  const child = followChild(service, spawn('docker', args, { env: dockerEnv, stdio: ['pipe', 'pipe', 'pipe'] }));
  onTestFinished(async () => {
    await docker('rm', '--force', name).catch(() => '');
    await child.ended;
  });
  return child;
}

/** Runs a script with the image's own Node, since there is nothing else inside, and gives what it prints. */
async function inside(service: Service, script: string): Promise<unknown> {
  return JSON.parse(await docker('run', '--rm', ...HARDENED, imageOf(service), '--eval', script)) as unknown;
}

const lineOf = ({ lines }: Child, message: string) => lines.find(({ fields }) => fields['msg'] === message)?.fields ?? {};

interface Pair {
  readonly receiver: Child;
  readonly api: Child;
  readonly worker: Child;
  readonly apiUrl: string;
  /** Starts a further worker in a container; resolves when it is up. */
  readonly addWorker: () => Promise<Child>;
}

/** Both images in containers on a queue of their own, and a receiver that takes what they deliver. */
async function startPair(env: Readonly<Record<string, string>> = {}, faults: object = {}): Promise<Pair> {
  const WEBHOOK_SECRET = newSecret();
  const receiver = startChild('receiver', receiverFile, { PORT: '0', WEBHOOK_SECRET, OTEL_SERVICE_NAME: '' });
  onTestFinished(() => void receiver.stop('SIGKILL'));
  const receiverUrl = String((await receiver.line(({ fields }) => fields['msg'] === 'listening')).fields['url']);
  await fetch(`${receiverUrl}/__faults`, { method: 'POST', body: JSON.stringify({ mode: 'none', ...faults }) });
  const shared = {
    REDIS_URL: inject('redisUrl'),
    QUEUE_NAMESPACE: `test-${randomUUID()}`,
    DESTINATIONS: `receiver=${receiverUrl}/hooks`,
    ...env,
  };
  const loopback = { HOST: '127.0.0.1', PORT: '0', PROBES_HOST: '127.0.0.1', PROBES_PORT: '0' };
  const up = async (child: Child): Promise<Child> => {
    await child.line(({ fields }) => fields['msg'] === 'health check up');
    return child;
  };
  const addWorker = (): Promise<Child> => up(start('worker', { ...shared, ...loopback, WEBHOOK_SECRET }));
  const [api, worker] = await Promise.all([up(start('api', { ...shared, ...loopback })), addWorker()]);
  return { receiver, api, worker, apiUrl: String(lineOf(api, 'listening')['url']), addWorker };
}

describe.skipIf(containers.skipped !== undefined)('the container images', () => {
  beforeAll(async () => void (await containers.images()));

  test.each(SERVICES)('%s says what it is, runs as 1000, and has one small layer of its own', async (service) => {
    const [image] = JSON.parse(await docker('image', 'inspect', imageOf(service))) as { Config: Record<string, unknown> }[];
    expect(image?.Config).toMatchObject({
      User: '1000:1000',
      Entrypoint: ['/nodejs/bin/node'],
      Cmd: [`/app/${service}.mjs`],
      Env: expect.arrayContaining(['NODE_ENV=production']) as unknown,
      Labels: {
        'org.opencontainers.image.title': `nines-${service}`,
        'org.opencontainers.image.revision': IMAGE_BUILD.revision,
        'org.opencontainers.image.version': IMAGE_BUILD.version,
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.source': 'https://github.com/the-nines-authors/nines',
      },
    });
    const id = (await docker('create', imageOf(service))).trim();
    onTestFinished(() => void docker('rm', id));
    const copy = spawn('docker', ['cp', `${id}:/app`, '-'], { env: dockerEnv, stdio: ['ignore', 'pipe', 'inherit'] });
    const layer = await buffer(copy.stdout);
    const zipped = gzipSync(layer).length;
    process.stderr.write(`${service}: app layer ${Math.round(layer.length / 1024)} KiB, ${Math.round(zipped / 1024)} KiB gzip\n`);
    expect(zipped).toBeLessThan(1_000_000);
  });

  test.each(SERVICES)('%s holds the bytes that another machine makes of the same sources', async (service) => {
    const folder = mkdtempSync(join(tmpdir(), 'nines-bundle-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { file } = await bundle(service, folder);
    const files = [file, join(folder, `${service}.licenses.txt`)];
    const here = files.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
    const script = `
      const hash = (file) => require('node:crypto').createHash('sha256').update(require('node:fs').readFileSync(file)).digest('hex');
      console.log(JSON.stringify(${JSON.stringify(files.map((path) => `/app/${basename(path)}`))}.map(hash)));`;
    expect(await inside(service, script)).toEqual(here);
  });

  test.each(SERVICES)('%s can write nowhere, has no capability, cannot gain one, and no shell', async (service) => {
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

  test('one event passes through both as one trace, and SIGTERM ends both with 0', async () => {
    const { receiver, api, worker, apiUrl } = await startPair();
    const id = (await postEvent(apiUrl, { hello: 'container' })) ?? '';
    const received = await receiver.line(({ fields }) => fields['msg'] === 'received');
    expect(received.fields).toMatchObject({ jobId: id, answer: 204, signature: 'valid' });

    expect(await worker.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await api.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const traceId = lineOf(api, 'accepted')['trace_id'];
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(lineOf(worker, 'delivered')).toMatchObject({ jobId: id, trace_id: traceId });
    expect(received.fields['trace_id']).toBe(traceId);
  });

  test('SIGTERM under load: each accepted event was answered, is delivered once, and both end with 0', async () => {
    const { receiver, api, worker, apiUrl, addWorker } = await startPair({ CONCURRENCY: '8' }, { latencyMs: 20 });
    const accepted: string[] = [];
    const client = async (): Promise<void> => {
      // Each client goes on until the api is gone.
      for (;;) {
        const id = await postEvent(apiUrl, { by: 'client' }).catch(() => undefined);
        if (id === undefined) return;
        accepted.push(id);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    // In the middle: requests are under way, and the worker has jobs in hand and behind it.
    await receiver.line(() => deliveredIds(receiver).length >= 40);
    const stopping = Promise.all([api.stop('SIGTERM'), worker.stop('SIGTERM')]);
    const heir = await addWorker();
    expect(await stopping).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    await clients;
    await allDelivered(receiver, accepted);
    expect(await heir.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(deliveredIds(receiver).toSorted()).toEqual(accepted.toSorted());
  });
});

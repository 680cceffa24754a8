import type { IContainer } from 'kubernetes-models/v1';
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startChild, type Child } from '../demo/child.ts';
import { startSystem, type System } from '../demo/system.ts';
import { newSecret } from './harness.ts';
import { CHART, findHelm } from '../../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../../tools/deploy/manifests.ts';
import { allowedConnections, type Endpoint } from '../../../tools/deploy/network-matrix.ts';
import { podSpecOf } from '../../../tools/deploy/pod-rules.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const helm = findHelm();
const SHA = 'image.tag=0123456789abcdef0123456789abcdef01234567';
const render = (...set: string[]): Manifest[] => {
  const rendered = helm!.template({ set: [SHA, ...set], values: ['values-local.yaml'] });
  if (!rendered.ok) throw new Error(rendered.message);
  return parseManifests(rendered.text);
};
const find = (manifests: readonly Manifest[], kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name);
const destinationsOf = (manifests: readonly Manifest[]) => find(manifests, 'ConfigMap', 'nines-settings')?.data?.['DESTINATIONS'];

describe.skipIf(helm === undefined)('demo.enabled', () => {
  test('is on for a cluster of this machine only, and is what events go to', () => {
    expect(destinationsOf(render())).toBe('receiver=http://nines-receiver:8080/hooks');
    expect(find(render('demo.enabled=false'), 'Deployment', 'nines-receiver')).toBeUndefined();
    const defaults = helm!.template({ set: [SHA] });
    expect(defaults.ok && parseManifests(defaults.text).filter((each) => JSON.stringify(each).includes('receiver'))).toEqual([]);
  });

  test('gives way to destinations of one’s own', () => {
    expect(destinationsOf(render('destinations.mine=https://example.com/hooks'))).toBe('mine=https://example.com/hooks');
  });

  test('runs one small file on the image of the worker', () => {
    const manifests = render();
    const [receiver] = podSpecOf(find(manifests, 'Deployment', 'nines-receiver')!)!.containers;
    expect(receiver?.image).toMatch(/^nines-worker:/);
    const file = find(manifests, 'ConfigMap', 'nines-receiver')!.data!['receiver.mjs']!;
    expect(file.length).toBeGreaterThan(1000);
    // An object of Kubernetes is at most 1 MiB; this is read by people, too.
    expect(file.length).toBeLessThan(16_384);
    expect(file.match(/^import .*/gm)?.every((line) => line.includes("from 'node:"))).toBe(true);
  });

  test('opens the way from the worker to the receiver, from the test to the api, and no other', () => {
    const pod = (component: string, at: number): Endpoint => ({
      name: component,
      ip: `10.8.0.${at}`,
      namespace: 'nines',
      labels: { 'app.kubernetes.io/name': 'nines', 'app.kubernetes.io/instance': 'nines', 'app.kubernetes.io/component': component },
    });
    const endpoints = ['api', 'worker', 'redis', 'receiver', 'test'].map(pod);
    const others: Endpoint[] = [
      { name: 'internet', ip: '93.184.216.34' },
      { name: 'metadata server', ip: '169.254.169.254' },
    ];
    expect(allowedConnections(render(), [...endpoints, ...others], ['TCP/80', 'TCP/443', 'TCP/6379', 'TCP/8080', 'TCP/9464'])).toEqual([
      'api → redis TCP/6379',
      'test → api TCP/8080',
      'worker → internet TCP/443',
      'worker → receiver TCP/8080',
      'worker → redis TCP/6379',
    ]);
  });
});

describe('the receiver', () => {
  const secret = newSecret();
  let receiver: Child;
  let url: string;
  beforeAll(async () => {
    receiver = startChild('receiver', new URL(`file://${CHART}/files/receiver.mjs`), {
      WEBHOOK_SECRET: secret,
      PORT: '0',
      HOST: '127.0.0.1',
    });
    const { fields } = await receiver.line((line) => line.fields['msg'] === 'listening');
    url = `http://127.0.0.1:${String(fields['port'])}`;
  });
  afterAll(() => receiver.stop('SIGKILL'));

  const faults = async (wanted: object) => {
    const response = await fetch(`${url}/__faults`, { method: 'POST', body: JSON.stringify(wanted) });
    return { status: response.status, text: await response.text() };
  };
  const event = (changed: Readonly<Record<string, string>> = {}, to = url) => {
    const [id, time, body] = [randomUUID(), String(Math.floor(Date.now() / 1000)), '{"a":1}'];
    const signature = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(`${id}.${time}.${body}`)
      .digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}`, ...changed };
    return fetch(`${to}/hooks`, { method: 'POST', body, headers });
  };

  test('takes what is signed, and refuses what is forged or old', async () => {
    expect((await event()).status).toBe(204);
    expect((await event({ 'webhook-id': 'another' })).status).toBe(401);
    expect((await event({ 'webhook-timestamp': '1' })).status).toBe(401);
    expect((await event({ 'webhook-signature': 'v1,' })).status).toBe(401);
  });

  test('fails as it is told, until it is told otherwise', async () => {
    await faults({ mode: 'status', status: 429, retryAfterSeconds: 7 });
    const refused = await event();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7']);
    await faults({ mode: 'reset' });
    await expect(event()).rejects.toThrow('fetch failed');
    await faults({ mode: 'none' });
    expect((await event()).status).toBe(204);
  });

  test.each([
    [{ mode: 'explode' }, 'mode must be none, status, hang or reset, got "explode"'],
    [{ status: 42 }, 'status must be a whole number from 200 to 599, got 42'],
    [{ speed: 1 }, 'faults have no speed; they have mode, status, retryAfterSeconds, latencyMs'],
    [[], 'faults must be a JSON object'],
  ])('refuses the fault %j and says what is allowed', async (wanted, message) => {
    expect(await faults(wanted)).toEqual({ status: 422, text: `${message}\n` });
  });

  test('ends on SIGTERM, also with an event that hangs', async () => {
    const other = startChild('receiver', new URL(`file://${CHART}/files/receiver.mjs`), {
      WEBHOOK_SECRET: secret,
      PORT: '0',
      HOST: '127.0.0.1',
    });
    const { fields } = await other.line((line) => line.fields['msg'] === 'listening');
    const at = `http://127.0.0.1:${String(fields['port'])}`;
    await fetch(`${at}/__faults`, { method: 'POST', body: '{"mode":"hang"}' });
    const hanging = event({}, at).then(
      () => 'answered',
      () => 'cut off',
    );
    await other.line((line) => line.fields['answer'] === 'hang');
    expect(await other.stop('SIGTERM')).toMatchObject({ code: 0 });
    expect(await hanging).toBe('cut off');
  });
});

describe.skipIf(helm === undefined)('helm test', () => {
  const secret = newSecret();
  let container: IContainer;
  let receiver: Child;
  let receiverUrl: string;
  let system: System;
  beforeAll(async () => {
    const pod = find(render('api.keys=secret'), 'Pod', 'nines-test')!;
    [container] = podSpecOf(pod)!.containers as [IContainer];
    receiver = startChild('receiver', new URL(`file://${CHART}/files/receiver.mjs`), {
      WEBHOOK_SECRET: secret,
      PORT: '0',
      HOST: '127.0.0.1',
    });
    const { fields } = await receiver.line((line) => line.fields['msg'] === 'listening');
    receiverUrl = `http://127.0.0.1:${String(fields['port'])}`;
    const env = { QUEUE_NAMESPACE: `helm-${randomUUID()}`, RETRY_MIN_MS: '50' };
    system = await startSystem({ redisUrl: inject('redisUrl'), secret, destinations: `mine=${receiverUrl}/hooks`, env });
  });
  afterAll(async () => {
    await system?.stop('SIGKILL');
    await receiver?.stop('SIGKILL');
  });

  /** The command of the pod, on the Node.js of this machine. */
  async function run(env: Readonly<Record<string, string>> = {}): Promise<{ status: number | null; output: string }> {
    const [program, ...args] = container.command!;
    expect(program).toBe('/nodejs/bin/node');
    const given = { API_URL: system.apiUrl, DESTINATIONS: `mine=${receiverUrl}/hooks`, PATH: process.env['PATH'], ...env };
    const child = spawn(process.execPath, args, { env: given, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { status, output: out + err };
  }

  test('sends one event and waits until it is delivered, to the receiver of the chart too', async () => {
    const { status, output } = await run();
    expect(output).toMatch(/^taken as \S+, for mine\ndelivered after \d+ failed attempts\n$/);
    expect(status).toBe(0);
    const counts = (await (await fetch(`${receiverUrl}/__faults`)).json()) as { counts: object };
    expect(counts).toMatchObject({ counts: { delivered: 1, forged: 0 } });
  });

  test('asks again, for the same event, while the network does not let its pod through yet', async () => {
    const { hostname, port } = new URL(system.apiUrl);
    let refused = 0;
    // The first answer is lost on its way back, with the event taken.
    const network = createServer((socket) => {
      const upstream = connect(Number(port), hostname).on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy()).pipe(upstream);
      if ((refused += 1) === 1) upstream.once('data', () => socket.destroy());
      else upstream.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(network, 'listening');
    const { status, output } = await run({ API_URL: `http://127.0.0.1:${(network.address() as AddressInfo).port}` });
    network.close();
    expect(output).toMatch(/^taken as \S+, for mine\ndelivered/);
    expect(status).toBe(0);
    const counts = (await (await fetch(`${receiverUrl}/__faults`)).json()) as { counts: object };
    expect([refused > 1, counts]).toMatchObject([true, { counts: { delivered: 2, forged: 0 } }]);
  });

  test('fails, and says why, when the event is refused by its receiver', async () => {
    await fetch(`${receiverUrl}/__faults`, { method: 'POST', body: '{"mode":"status","status":410}' });
    const { status, output } = await run();
    expect(output).toMatch(/helm test: dead-lettered \(rejected\): .*410/);
    expect(status).toBe(1);
  });

  test('fails, and says why, when there is no such destination or no api', async () => {
    expect(await run({ DESTINATIONS: 'nobody=x' })).toMatchObject({
      status: 1,
      output: expect.stringMatching(/422 UNKNOWN_DESTINATION/) as string,
    });
    expect(await run({ API_URL: 'http://127.0.0.1:1', TIMEOUT_MS: '1' })).toMatchObject({
      status: 1,
      output: expect.stringMatching(/ECONNREFUSED|bad port/) as string,
    });
  });

  test('exists for the test only', () => {
    const manifests = render();
    const hooks = manifests.filter(({ metadata }) => 'annotations' in metadata && JSON.stringify(metadata).includes('helm.sh/hook'));
    expect(hooks.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()).toEqual([
      'NetworkPolicy/nines-test',
      'NetworkPolicy/nines-test-to-api',
      'Pod/nines-test',
      'ServiceAccount/nines-test',
    ]);
    const kustomize = helm!.template({ set: ['image.kustomize=true'] });
    expect(kustomize.ok && kustomize.text).not.toContain('helm.sh/hook');
  });
});

import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild, type Child } from '../demo/child.ts';
import type { System } from '../demo/system.ts';
import { allDelivered, deliveredIds, setFaults, testSystem } from './harness.ts';
import { kubernetesService, type Endpoint, type KubernetesService } from './kubernetes-service.ts';

/** So many at a time, so that every process has some in hand at any moment. */
const BURST = 8;
const BURST_EVERY_MS = 80;
const event = JSON.stringify({ destination: 'receiver', type: 'test.event', data: {} });

/** In Kubernetes the api goes on serving for a while after it has said that it is not ready. */
const kubernetes = { KUBERNETES_SERVICE_HOST: '127.0.0.1' };
/** So long that a busy machine is no reason to run a job twice. */
const lease = { LEASE_MS: '30000' };

const isMessage = (child: Child, message: string) => child.lines.filter(({ fields }) => fields['msg'] === message).length;

/** One more api of the system, ready. */
async function addApi({ receiverUrl }: System, env: Readonly<Record<string, string>>): Promise<{ child: Child; endpoint: Endpoint }> {
  const destinations = { REDIS_URL: inject('redisUrl'), DESTINATIONS: `receiver=${receiverUrl}/hooks` };
  const child = startChild('api', new URL('../src/api/main.ts', import.meta.url), { ...env, ...destinations, PORT: '0', PROBES_PORT: '0' });
  onTestFinished(() => void child.stop('SIGKILL'));
  const listening = await child.line(({ fields }) => fields['msg'] === 'listening');
  await child.line(({ fields }) => fields['msg'] === 'health check up');
  const starting = await child.line(({ fields }) => fields['msg'] === 'starting');
  return { child, endpoint: { url: String(listening.fields['url']), probesUrl: String(starting.fields['probes']) } };
}

interface Load {
  readonly accepted: readonly string[];
  /** Whatever was not answered 202: the status, or the code of the error. */
  readonly failed: readonly unknown[];
  stop(): Promise<unknown>;
}

/** Sends at a steady rate, whatever the answers do. */
function startLoad(service: KubernetesService): Load {
  const accepted: string[] = [];
  const failed: unknown[] = [];
  const open = new Set<Promise<void>>();
  const send = async () => {
    const { status, id } = await service.post('/process', event);
    if (status === 202 && id !== undefined) accepted.push(id);
    else failed.push(status);
  };
  const sendOne = () => {
    const sending = send()
      .catch((error: NodeJS.ErrnoException) => void failed.push(error.code ?? error))
      .finally(() => open.delete(sending));
    open.add(sending);
  };
  const timer = setInterval(() => Array.from({ length: BURST }, sendOne), BURST_EVERY_MS);
  return {
    accepted,
    failed,
    stop() {
      clearInterval(timer);
      return Promise.all(open);
    },
  };
}

test('apis and workers are replaced one by one under load: every event is accepted, and delivered once', { timeout: 180_000 }, async () => {
  const env = { ...kubernetes, ...lease, QUEUE_NAMESPACE: `test-${randomUUID()}` };
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 2, env });
  await setFaults(system, { mode: 'none', latencyMs: 20 });
  const service = kubernetesService();
  onTestFinished(() => service.close());
  const second = await addApi(system, env);
  await service.add({ url: system.apiUrl, probesUrl: system.probesUrl(system.api) });
  await service.add(second.endpoint);
  const load = startLoad(service);
  const old = { apis: [system.api, second.child], workers: [...system.workers] };
  const fresh = { apis: [] as Child[], workers: [] as Child[] };
  const delivered = (child: Child) => child.line(({ fields }) => fields['msg'] === 'delivered');
  const accepts = (child: Child) => child.line(({ fields }) => fields['msg'] === 'accepted');

  for (const api of old.apis) {
    await accepts(api);
    const { child, endpoint } = await addApi(system, env);
    await service.add(endpoint);
    expect(await api.stop()).toEqual({ code: 0, signal: null });
    fresh.apis.push(child);
  }
  for (const worker of old.workers) {
    await delivered(worker);
    const heir = await system.addWorker();
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await delivered(heir);
    fresh.workers.push(heir);
  }
  await load.stop();
  expect({ failed: load.failed, cut: service.cut }).toEqual({ failed: [], cut: 0 });
  await allDelivered(system.receiver, load.accepted);
  for (const child of [...fresh.workers, ...fresh.apis]) expect(await child.stop()).toEqual({ code: 0, signal: null });

  expect(deliveredIds(system.receiver).toSorted()).toEqual(load.accepted.toSorted());
  // Each of them took part.
  for (const api of [...old.apis, ...fresh.apis]) expect(isMessage(api, 'accepted')).toBeGreaterThan(0);
  const jobs = [...old.workers, ...fresh.workers].map((worker) => isMessage(worker, 'delivered'));
  expect(jobs.reduce((sum, count) => sum + count)).toBe(load.accepted.length);
});

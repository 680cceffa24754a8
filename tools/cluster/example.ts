import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../workspace/packages.ts';
import { Cluster, type Engine, type Pod } from './cluster.ts';
import { followDeliveries, type Deliveries } from './deliveries.ts';
import { startProcess, type Line, type Process } from './process.ts';
import { entering, type Program } from './program.ts';
import { renderedManifests } from './rendered.ts';
import { newSecrets, type ExampleSecrets } from './secrets.ts';

export interface ExampleOptions {
  readonly engine: Engine;
  readonly images: Readonly<Record<'api' | 'worker' | 'redis', string>>;
  /** Where Redis has its volume. Default: in memory. */
  readonly volumes?: string;
  /** A leaving api's container is told to end after the rendered `preStop`, but at the latest after so long. */
  readonly preStopMaxMs: number;
}

export interface Load {
  readonly perSecond: number;
  /** So many at least. */
  readonly requests: number;
}

/** What became of requests. */
export interface Traffic {
  readonly sent: number;
  /** Ids of what was answered 202. */
  readonly accepted: readonly string[];
  /** Other answers, by status and code: how many. */
  readonly refused: Readonly<Record<string, number>>;
  /** What was broken off without an answer, by reason and pod: how many. */
  readonly failed: Readonly<Record<string, number>>;
}

interface Parts extends ExampleSecrets {
  readonly cluster: Cluster;
  readonly traffic: Program;
  readonly collector: Program;
  readonly receiver: Process;
}

/** Addresses that the policies of deploy/k8s/gke let in and out. */
const LOAD_BALANCER = { name: 'load balancer', ip: '35.191.10.20' };
const SUBSCRIBER = { name: 'subscriber', ip: '203.0.113.10' };
const HOST = 'subscriber.example';
/** Of the rendered OTEL_EXPORTER_OTLP_ENDPOINT. */
const COLLECTOR = {
  name: 'collector',
  ip: '10.1.0.13',
  namespace: 'gke-managed-otel',
  host: 'opentelemetry-collector.gke-managed-otel.svc.cluster.local',
};

/** So long that a busy machine is no reason to refuse. */
const PATIENT = { ENQUEUE_TIMEOUT_MS: '10000' };

const RECEIVER = join(ROOT, 'examples/gke-app/demo/receiver.ts');
const FOLLOW = join(ROOT, 'examples/gke-app/demo/follow-parent.ts');

const isReady = ({ text, fields }: Line): boolean => fields['msg'] === 'health check up' || text.includes('Ready to accept connections');
const startPod = async (pod: Pod): Promise<void> => void (await pod.start().line(isReady));

/**
 * The whole example in containers, as deploy/k8s/gke describes them, with its network policies enforced: callers behind the load balancer's address,
 * two apis, Redis, two workers, and a subscriber on the internet.
 */
export class Example {
  readonly cluster: Cluster;
  readonly traffic: Program;
  readonly collector: Program;
  readonly receiver: Process;
  readonly deliveries: Deliveries;
  readonly apis: Pod[] = [];
  readonly workers: Pod[] = [];
  readonly #parts: Parts;
  readonly #preStopMaxMs: number;
  #redis: Pod | undefined;

  static async start(options: ExampleOptions): Promise<Example> {
    const { secrets, apiKey } = newSecrets(`http://${HOST}:443/hooks`);
    const cluster = await Cluster.start({
      ...options,
      manifests: renderedManifests('gke'),
      secrets,
      env: PATIENT,
      hosts: { [HOST]: SUBSCRIBER.ip, [COLLECTOR.host]: COLLECTOR.ip },
    });
    try {
      const balancer = await cluster.addMachine(LOAD_BALANCER);
      const traffic = await cluster.program(new URL('traffic.ts', import.meta.url), balancer.pid);
      const collector = await cluster.program(new URL('collector.ts', import.meta.url), (await cluster.addMachine(COLLECTOR)).pid);
      await collector.call('listen', 4318);
      const { pid } = await cluster.addMachine(SUBSCRIBER);
      const node = [process.execPath, '--conditions=@nines/source', `--import=${FOLLOW}`, RECEIVER];
      const env = { ...process.env, OTEL_SERVICE_NAME: '', HOST: '0.0.0.0', PORT: '443', WEBHOOK_SECRET: secrets.nines.WEBHOOK_SECRET };
      const receiver = startProcess('receiver', [...entering(pid), ...node], env);
      await receiver.line(({ fields }) => fields['msg'] === 'listening');
      const example = new Example({ cluster, traffic, collector, receiver, secrets, apiKey }, options.preStopMaxMs);
      await example.#startPods();
      return example;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  private constructor(parts: Parts, preStopMaxMs: number) {
    this.#parts = parts;
    this.cluster = parts.cluster;
    this.traffic = parts.traffic;
    this.collector = parts.collector;
    this.receiver = parts.receiver;
    this.deliveries = followDeliveries(parts.receiver);
    this.#preStopMaxMs = preStopMaxMs;
  }

  get redis(): Pod {
    if (this.#redis === undefined) throw new Error('Redis was not started');
    return this.#redis;
  }

  /** Replaces each pod of a component as a Deployment with maxSurge 1 and maxUnavailable 0 does; gives the exit codes of the old containers. */
  async replace(component: 'api' | 'worker'): Promise<Awaited<Process['ended']>[]> {
    const pods = component === 'api' ? this.apis : this.workers;
    const leaving: Promise<Awaited<Process['ended']>>[] = [];
    for (const old of pods.slice()) {
      pods.push(await this.#addPod(component));
      pods.splice(pods.indexOf(old), 1);
      // The next is started while this one still goes, since a pod that goes is not counted.
      leaving.push(this.#leave(old));
    }
    return Promise.all(leaving);
  }

  /** Kills the container of a pod, and starts it again in the same pod as kubelet does; resolves once it is ready. */
  async crash(pod: Pod): Promise<void> {
    await pod.stop('SIGKILL');
    await startPod(pod);
  }

  /** Sends so many requests at a rate, or, with a function, goes on until that is done; gives what became of them. */
  async load({ perSecond, requests }: Load, meanwhile: () => Promise<void> = async () => {}): Promise<Traffic> {
    await this.traffic.call('start', { perSecond, key: this.#parts.apiKey });
    await this.traffic.call('more', requests);
    await meanwhile();
    return (await this.traffic.call('stop')) as Traffic;
  }

  /** Asks Redis as its operator. */
  ask(...command: string[]): Promise<string> {
    const { OPERATOR_PASSWORD } = this.#parts.secrets['nines-redis'];
    return this.redis.exec('redis-cli', '-e', '--no-auth-warning', '--user', 'operator', '--pass', OPERATOR_PASSWORD, ...command);
  }

  /** How many jobs are neither completed nor dead, and how many are dead. */
  async jobs(): Promise<{ readonly unfinished: number; readonly dead: number }> {
    const size = async (command: string, key: string) => Number(await this.ask(command, `{nines:webhooks:0}:deliveries:${key}`));
    const [all, completed, dead] = await Promise.all([size('HLEN', 'jobs'), size('ZCARD', 'completed'), size('ZCARD', 'dead')]);
    return { unfinished: all - completed - dead, dead };
  }

  async close(): Promise<void> {
    this.receiver.kill('SIGKILL');
    await this.cluster.close();
  }

  async #startPods(): Promise<void> {
    this.#redis = await this.cluster.addPod('redis');
    await startPod(this.redis);
    const started = await Promise.all(['api', 'api', 'worker', 'worker'].map((component) => this.#addPod(component)));
    this.apis.push(...started.slice(0, 2));
    this.workers.push(...started.slice(2));
  }

  async #addPod(component: string): Promise<Pod> {
    const pod = await this.cluster.addPod(component);
    await startPod(pod);
    if (component === 'api') await this.traffic.call('add', { name: pod.name, ip: pod.ip });
    return pod;
  }

  /** As kubelet ends a pod: preStop, SIGTERM, and after the grace period SIGKILL, which nobody here should need. */
  async #leave(pod: Pod): Promise<Awaited<Process['ended']>> {
    const { spec } = pod;
    const preStopMs = 1000 * (spec.containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0);
    await pause(Math.min(preStopMs, this.#preStopMaxMs));
    const over = new AbortController();
    const grace = pause(1000 * spec.terminationGracePeriodSeconds - preStopMs, undefined, { signal: over.signal });
    grace.then(() => pod.stop('SIGKILL')).catch(() => {});
    const ended = await pod.stop('SIGTERM');
    over.abort();
    await this.traffic.call('remove', pod.name);
    await pod.remove();
    return ended;
  }
}

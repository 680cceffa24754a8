import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../deploy/manifests.ts';
import { chainsOf, tableOf, type Endpoint } from './firewall.ts';
import { createNetwork, type Network } from './network.ts';
import { commandOf, runFlags, templateOf, type PodSpec } from './pod-flags.ts';
import { startProcess, type Process } from './process.ts';
import { startProgram, type Program } from './program.ts';

/** A Docker daemon. */
export interface Engine {
  /** For programs that run `docker` themselves. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `docker ARGUMENTS`; gives its output, rejects with it when it fails. */
  readonly docker: (...args: string[]) => Promise<string>;
}

export interface ClusterOptions {
  readonly engine: Engine;
  /** Every rendered object: policies, pod templates, configuration. */
  readonly manifests: readonly Manifest[];
  /** Component → image. */
  readonly images: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Further variables of each container. */
  readonly env?: Readonly<Record<string, string>>;
  /** Names outside of the cluster. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Where the volumes are. Default: in memory. */
  readonly volumes?: string;
}

/** One pod: a network that stays, and in it a container that may end and be started again, as kubelet does. */
export interface Pod extends Endpoint {
  readonly spec: PodSpec;
  /** A process in the pod's network. */
  readonly pid: number;
  /** Starts its container anew. */
  start(): Process;
  /** The container that was started last. */
  readonly process: Process;
  /** Sends its container a signal; resolves to how that ended. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): ReturnType<Endings>;
  /** Runs a program in its container; gives what it says. */
  exec(...command: string[]): Promise<string>;
  /** Ends it for ever. */
  remove(): Promise<void>;
}

type Endings = () => Process['ended'];

const NAMESPACE = 'nines';
const DNS = { name: 'kube-dns', ip: '10.1.0.7', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

/** A cluster in miniature: containers as the rendered objects describe them, on a network of their own on which the rendered policies are enforced. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #network: Network;
  readonly #run = `nines-${randomUUID().slice(0, 8)}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nines-cluster-'));
  readonly #volumes: string;
  readonly #endpoints: Endpoint[] = [];
  readonly #programs: Program[] = [];
  readonly #machines = new Map<string, Program>();
  #names: Program | undefined;
  #pods = 0;
  #settled = Promise.resolve();

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options, await createNetwork());
    const dns = await cluster.addMachine(DNS);
    cluster.#names = await cluster.program(new URL('name-server.ts', import.meta.url), dns.pid);
    await cluster.#names.call('listen');
    return cluster;
  }

  private constructor(options: ClusterOptions, network: Network) {
    this.#options = options;
    this.#network = network;
    this.#volumes = mkdtempSync(join(options.volumes ?? '/dev/shm', 'nines-volumes-'));
    this.#guard();
    const search = `${NAMESPACE}.svc.cluster.local svc.cluster.local cluster.local`;
    writeFileSync(join(this.#folder, 'resolv.conf'), `nameserver ${DNS.ip}\nsearch ${search}\noptions ndots:5\n`);
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Something with an address that is not a pod of the chart: in a network of its own, with a program that tries ways and listens. */
  async addMachine(endpoint: Endpoint): Promise<Program> {
    const probe = await this.program(new URL('probe.ts', import.meta.url));
    await this.#join(endpoint, probe.pid);
    this.#machines.set(endpoint.name, probe);
    return probe;
  }

  /** The program of a machine that was added. */
  machine(name: string): Program {
    const found = this.#machines.get(name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return found;
  }

  /** A program of the cluster's own, in the network of a process or in a new one. */
  async program(file: URL, networkOf?: number): Promise<Program> {
    const program = await startProgram(file, networkOf);
    this.#programs.push(program);
    return program;
  }

  /** A pod of a component of the chart, its container not yet started. */
  async addPod(component: string, ip = `10.1.1.${(this.#pods += 1)}`): Promise<Pod> {
    const { engine, images, manifests } = this.#options;
    const { labels, spec } = templateOf(manifests, component);
    const name = `${NAMESPACE}-${component}-${ip.replaceAll('.', '-')}`;
    const sandbox = `${this.#run}-${name}`;
    const hold = ['--entrypoint', 'sleep', images['redis'] ?? '', 'infinity'];
    await engine.docker('run', '--detach', '--rm', '--stop-signal', 'SIGKILL', '--network', 'none', ...this.#marks(sandbox), ...hold);
    const pid = Number(await engine.docker('inspect', '--format', '{{.State.Pid}}', sandbox));
    const endpoint = { name, ip, namespace: NAMESPACE, labels };
    await this.#join(endpoint, pid);
    let started = 0;
    let process: Process | undefined;
    const pod: Pod = {
      ...endpoint,
      spec,
      pid,
      start: () => (process = this.#startContainer(`${sandbox}-${(started += 1)}`, sandbox, component, pod)),
      get process() {
        if (process === undefined) throw new Error(`${name} was not started`);
        return process;
      },
      async stop(signal) {
        await engine.docker('kill', '--signal', signal, `${sandbox}-${started}`);
        return pod.process.ended;
      },
      exec: (...command) => engine.docker('exec', `${sandbox}-${started}`, ...command),
      remove: async () => {
        this.#endpoints.splice(this.#endpoints.indexOf(endpoint), 1);
        await engine.docker('rm', '--force', sandbox);
        await this.#changed();
      },
    };
    return pod;
  }

  async close(): Promise<void> {
    const { engine } = this.#options;
    const ids = (await engine.docker('ps', '--all', '--quiet', '--filter', `label=${this.#run}`)).split('\n').filter(Boolean);
    if (ids.length > 0) await engine.docker('rm', '--force', ...ids);
    await Promise.all(this.#programs.map((program) => program.stop()));
    await this.#network.close();
    for (const folder of [this.#folder, this.#volumes]) rmSync(folder, { recursive: true, force: true });
  }

  get network(): Network {
    return this.#network;
  }

  #marks(name: string): string[] {
    return ['--name', name, '--label', this.#run, '--volume', `${join(this.#folder, 'resolv.conf')}:/etc/resolv.conf:ro`];
  }

  #startContainer(name: string, sandbox: string, component: string, pod: Pod): Process {
    const { engine, manifests, secrets, env = {}, images } = this.#options;
    const { runAsUser, runAsGroup } = pod.spec.securityContext;
    const data = join(this.#volumes, pod.name);
    mkdirSync(data, { recursive: true });
    chownSync(data, runAsUser, runAsGroup);
    const around = {
      manifests,
      secrets,
      podName: pod.name,
      namespace: NAMESPACE,
      // Kubernetes tells every container where its own api is.
      env: { KUBERNETES_SERVICE_HOST: '10.2.0.1', ...env },
      folder: this.#folder,
      claims: { data },
    };
    const flags = [...this.#marks(name), '--network', `container:${sandbox}`, ...runFlags(pod.spec, around)];
    return startProcess(pod.name, ['docker', 'run', '--rm', ...flags, ...commandOf(pod.spec, images[component] ?? '', around)], engine.env);
  }

  async #join(endpoint: Endpoint, pid: number): Promise<void> {
    await this.#network.attach(endpoint, pid);
    this.#endpoints.push(endpoint);
    await this.#changed();
  }

  /** Policies and names follow the pods, one change after the other. */
  #changed(): Promise<void> {
    this.#settled = this.#settled.then(() => this.#follow());
    return this.#settled;
  }

  async #follow(): Promise<void> {
    await this.#network.enforce(tableOf(chainsOf(this.#options.manifests, this.#endpoints)));
    await this.#names?.call('know', { ...this.#options.hosts, ...this.#services() });
  }

  /** This network has no addresses of Services: one of a single pod is the name of that pod. */
  #services(): Record<string, string> {
    const known: Record<string, string> = {};
    for (const { kind, metadata, spec } of this.#options.manifests) {
      const { selector = {} } = (spec ?? {}) as { selector?: Record<string, string> };
      if (kind !== 'Service') continue;
      const pods = this.#endpoints.filter(({ labels = {} }) => Object.entries(selector).every(([key, value]) => labels[key] === value));
      const [pod] = pods;
      if (pod !== undefined && pods.length === 1) known[`${metadata.name}.${metadata.namespace}.svc.cluster.local`] = pod.ip;
    }
    return known;
  }

  /** Removes containers and folders when this process is gone, even by SIGKILL: the pipe between them closes. Networks go by themselves. */
  #guard(): void {
    const script = 'cat >/dev/null; docker ps -aq --filter "label=$1" | xargs -r docker rm -f; rm -rf "$2" "$3"';
    const guard = spawn('/bin/sh', ['-c', script, 'sh', this.#run, this.#folder, this.#volumes], {
      env: this.#options.engine.env,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.unref();
    (guard.stdin as unknown as { unref?(): void } | null)?.unref?.();
  }
}

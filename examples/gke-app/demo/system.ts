import { lastWords, startChild, type Child, type Ended } from './child.ts';

export interface SystemOptions {
  readonly redisUrl: string;
  /** How the workers reach it, where they are another user than the api. */
  readonly workerRedisUrl?: string;
  /** Signs and checks the events. */
  readonly secret: string;
  /** Further destinations, as `DESTINATIONS` has them. */
  readonly destinations?: string | undefined;
  readonly workers?: number;
  readonly apiPort?: number;
  readonly receiverPort?: number;
  /** Other files than the sources: their bundles. */
  readonly files?: { readonly api: URL; readonly worker: URL };
  /** Further variables for api and workers. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts another worker for one that ended though nobody stopped it, as a cluster would. Default: nobody does. */
  readonly replaceWorkers?: boolean;
}

/** Receiver, api and workers, each its own process, all ready. */
export interface System {
  readonly receiver: Child;
  readonly api: Child;
  /** The workers as they are now. */
  readonly workers: readonly Child[];
  readonly receiverUrl: string;
  readonly apiUrl: string;
  /** Every process as it is now: receiver, api, workers. */
  processes(): readonly Child[];
  /** Called when the list of processes has changed and all of it is ready. */
  onChange(listener: () => void): void;
  /** Starts one more worker and waits until it is ready. */
  addWorker(): Promise<Child>;
  /** Where `/metrics` and `/readyz` of a process answer. */
  probesUrl(child: Child): string;
  /** Rejects when a process ends though nobody stopped it and no other takes its place. */
  readonly broken: Promise<never>;
  /** Stops what still runs, in the order in which events flow: nothing is lost. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const receiverFile = new URL('receiver.ts', import.meta.url);
const sources = { api: new URL('../src/api/main.ts', import.meta.url), worker: new URL('../src/worker/main.ts', import.meta.url) };

/** A worker that dies again and again is not replaced for ever. */
const REPLACED_MAX = 10;
const REPLACED_WITHIN_MS = 60_000;

/** @throws Error when a process ends before it is ready; what was started is stopped then. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const running = new RunningSystem(options);
  try {
    await running.start();
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

class RunningSystem implements System {
  receiver!: Child;
  api!: Child;
  receiverUrl = '';
  apiUrl = '';
  readonly workers: Child[] = [];
  readonly broken: Promise<never>;
  readonly #options: SystemOptions;
  readonly #started: Child[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #replacedAt: number[] = [];
  readonly #break: (error: Error) => void;
  #workerEnv: Readonly<Record<string, string>> = {};
  #stopping = false;

  constructor(options: SystemOptions) {
    this.#options = options;
    const { promise, reject } = Promise.withResolvers<never>();
    // Whoever waits for it hears of it; nobody has to.
    promise.catch(() => {});
    [this.broken, this.#break] = [promise, reject];
  }

  async start(): Promise<void> {
    const { secret, redisUrl, workers: count = 1, apiPort = 0, receiverPort = 0, files = sources } = this.#options;
    // One name for all, from the environment of whoever runs the demo, would hide who is who.
    const env = { ...this.#options.env, OTEL_SERVICE_NAME: '' };
    this.receiver = this.#launch('receiver', receiverFile, { ...env, PORT: String(receiverPort), WEBHOOK_SECRET: secret });
    this.receiverUrl = await listening(this.receiver);
    const { destinations: further } = this.#options;
    const destinations = [`receiver=${this.receiverUrl}/hooks`, ...(further ? [further] : [])].join(',');
    const shared = { ...env, REDIS_URL: redisUrl, DESTINATIONS: destinations, PROBES_PORT: '0' };
    this.#workerEnv = { ...shared, REDIS_URL: this.#options.workerRedisUrl ?? redisUrl, WEBHOOK_SECRET: secret };
    this.api = this.#launch('api', files.api, { ...shared, PORT: String(apiPort) });
    this.workers.push(...Array.from({ length: count }, () => this.#launchWorker()));
    this.apiUrl = await listening(this.api);
    await Promise.all([this.api, ...this.workers].map(ready));
    for (const child of [this.receiver, this.api]) void child.ended.then((ended) => this.#dead(child, ended));
    for (const worker of this.workers) this.#watch(worker);
  }

  processes(): readonly Child[] {
    return [this.receiver, this.api, ...this.workers];
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async addWorker(): Promise<Child> {
    const worker = this.#launchWorker();
    await ready(worker);
    this.workers.push(worker);
    this.#watch(worker);
    this.#changed();
    return worker;
  }

  probesUrl(child: Child): string {
    return probesUrl(child);
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    this.#stopping = true;
    const of = (name: string) => this.#started.filter((child) => child.name === name);
    for (const group of [of('api'), of('worker'), of('receiver')]) await Promise.all(group.map((child) => child.stop(signal)));
  }

  #launch(name: string, file: URL, env: Readonly<Record<string, string>>): Child {
    const child = startChild(name, file, env);
    this.#started.push(child);
    return child;
  }

  #launchWorker(): Child {
    return this.#launch('worker', (this.#options.files ?? sources).worker, this.#workerEnv);
  }

  #watch(worker: Child): void {
    void worker.ended.then((ended) => this.#replace(worker, ended));
  }

  async #replace(worker: Child, ended: Ended): Promise<void> {
    if (this.#stopping || this.#options.replaceWorkers !== true) return this.#dead(worker, ended);
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#changed();
    const now = Date.now();
    while ((this.#replacedAt[0] ?? now) < now - REPLACED_WITHIN_MS) this.#replacedAt.shift();
    if (this.#replacedAt.push(now) > REPLACED_MAX) return this.#dead(worker, ended);
    await this.addWorker().catch((error: Error) => this.#break(error));
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #dead(child: Child, { code, signal }: Ended): void {
    if (!this.#stopping) this.#break(new Error(`${child.name} ended unexpectedly (${signal ?? code}). ${lastWords(child.lines)}`));
  }
}

async function listening(child: Child): Promise<string> {
  const { fields } = await child.line((line) => line.fields['msg'] === 'listening');
  return String(fields['url']);
}

/** A process says when a check of its health turns good; its own probe then confirms that it is ready. */
async function ready(child: Child): Promise<void> {
  await child.line((line) => line.fields['msg'] === 'health check up');
  const response = await fetch(`${probesUrl(child)}/readyz`);
  if (response.status !== 200) throw new Error(`${child.name} is not ready: ${await response.text()}`);
}

function probesUrl(child: Child): string {
  return String(child.lines.find((line) => line.fields['msg'] === 'starting')?.fields['probes']);
}

import { startChild, type Child } from './child.ts';

export interface SystemOptions {
  readonly redisUrl: string;
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
}

/** Receiver, api and workers, each its own process, all ready. */
export interface System {
  readonly receiver: Child;
  readonly api: Child;
  readonly workers: readonly Child[];
  readonly receiverUrl: string;
  readonly apiUrl: string;
  /** Starts one more worker and waits until it is ready. */
  addWorker(): Promise<Child>;
  /** Where `/metrics` and `/readyz` of a process answer. */
  probesUrl(child: Child): string;
  /** Stops what still runs, in the order in which events flow: nothing is lost. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const receiverFile = new URL('receiver.ts', import.meta.url);
const sources = { api: new URL('../src/api/main.ts', import.meta.url), worker: new URL('../src/worker/main.ts', import.meta.url) };

/** @throws Error when a process ends before it is ready; what was started is stopped then. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const started: Child[] = [];
  const stop = async (signal?: NodeJS.Signals) => {
    const of = (name: string) => started.filter((child) => child.name === name);
    for (const group of [of('api'), of('worker'), of('receiver')]) await Promise.all(group.map((child) => child.stop(signal)));
  };
  const start = (name: string, file: URL, env: Readonly<Record<string, string>>) => {
    const child = startChild(name, file, env);
    started.push(child);
    return child;
  };
  try {
    return await startAll(options, start, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start = (name: string, file: URL, env: Readonly<Record<string, string>>) => Child;

async function startAll(options: SystemOptions, start: Start, stop: System['stop']): Promise<System> {
  const { secret, redisUrl, workers: count = 1, apiPort = 0, receiverPort = 0, files = sources } = options;
  // One name for all, from the environment of whoever runs the demo, would hide who is who.
  const env = { ...options.env, OTEL_SERVICE_NAME: '' };
  const receiver = start('receiver', receiverFile, { ...env, PORT: String(receiverPort), WEBHOOK_SECRET: secret });
  const receiverUrl = await listening(receiver);
  const destinations = [`receiver=${receiverUrl}/hooks`, ...(options.destinations ? [options.destinations] : [])].join(',');
  const shared = { ...env, REDIS_URL: redisUrl, DESTINATIONS: destinations, PROBES_PORT: '0' };
  const startWorker = () => start('worker', files.worker, { ...shared, WEBHOOK_SECRET: secret });

  const api = start('api', files.api, { ...shared, PORT: String(apiPort) });
  const workers = Array.from({ length: count }, startWorker);
  const apiUrl = await listening(api);
  await Promise.all([api, ...workers].map(ready));
  return {
    receiver,
    api,
    workers,
    receiverUrl,
    apiUrl,
    async addWorker() {
      const worker = startWorker();
      await ready(worker);
      return worker;
    },
    probesUrl,
    stop,
  };
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

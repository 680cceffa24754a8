import { execFile, spawn } from 'node:child_process';
import { CannotVerify, type Part, type Service, type Target } from './target.ts';
import { apiDoor, current, forwardedPort, keyOf, partOf, readPods, type Pod } from './pods.ts';

const CONNECT = 'deploy/scripts/connect --project PROJECT_ID';
const DEPLOY = 'kubectl apply -k deploy/k8s/base';

interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  /** The first line that says what went wrong. */
  readonly trouble: string;
}

function kubectl(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // Without a terminal: kubectl would ask for a user's name.
    const child = execFile(
      'kubectl',
      ['--request-timeout=20s', ...args],
      { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
      (error, stdout, stderr) => {
        if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') {
          reject(new CannotVerify('kubectl is not installed, or not on PATH', 'gcloud components install kubectl'));
        } else
          resolve({
            ok: error === null,
            stdout,
            trouble: lastLine(stderr) ?? (error?.killed === true ? 'no answer in time' : 'it says nothing'),
          });
      },
    );
    child.stdin?.end();
  });
}

function lastLine(text: string): string | undefined {
  return text
    .trim()
    .split('\n')
    .findLast((line) => line !== '' && !line.startsWith('Please enter'))
    ?.replace(/^(error|Error from server[^:]*|Unable to connect to the server): /, '')
    .slice(0, 300);
}

/** Makes sure, before anything is sent, that there is a cluster to ask and that the namespace is in it. */
export async function connectCluster(namespace: string): Promise<Target> {
  const context = await kubectl(['config', 'current-context']);
  if (!context.ok) throw new CannotVerify(`there is no kubeconfig that names a current context (${context.trouble})`, CONNECT);
  const name = context.stdout.trim();
  const found = await kubectl(['get', 'namespace', namespace, '--ignore-not-found', '--output', 'name']);
  if (!found.ok) throw new CannotVerify(`the cluster of the context ${name} cannot be reached (${found.trouble})`, CONNECT);
  if (found.stdout.trim() === '') throw new CannotVerify(`the cluster of the context ${name} has no namespace ${namespace}`, DEPLOY);
  return clusterTarget(namespace);
}

function clusterTarget(namespace: string): Target {
  const startedMs = Date.now();
  const inNamespace = ['--namespace', namespace];
  const pods = async (): Promise<readonly Pod[]> => {
    const { ok, stdout, trouble } = await kubectl([...inNamespace, 'get', 'pods', '--output', 'json']);
    if (!ok) throw new Error(`the pods of ${namespace} cannot be listed (${trouble})`);
    return readPods(stdout);
  };
  return {
    parts: 'pods',
    look: async (): Promise<readonly Part[]> => current(await pods()).map(partOf),
    async open() {
      const door = apiDoor(await pods());
      if (door === undefined) throw new Error(`no pod of ${namespace} is labelled app.kubernetes.io/component=api and has a port http`);
      return { ...(await forward(inNamespace, door.pod, door.port)), apiKey: process.env['API_KEY'] || (await storedKey(inNamespace)) };
    },
    async logs(service: Service) {
      // The cluster's clock counts, so the time since, not the time.
      const since = `--since=${Math.ceil((Date.now() - startedMs) / 1000) + 60}s`;
      const selector = `app.kubernetes.io/component=${service}`;
      const { ok, stdout, trouble } = await kubectl([
        ...inNamespace,
        'logs',
        '--selector',
        selector,
        '--container',
        service,
        since,
        '--tail=-1',
        '--max-log-requests=50',
      ]);
      if (!ok) throw new Error(`the log of ${service} cannot be read (${trouble})`);
      return stdout;
    },
  };
}

/** The key that deploy/scripts/secret put there; undefined where there is none, or we may not read it: an api that wants one says so. */
async function storedKey(inNamespace: readonly string[]): Promise<string | undefined> {
  const { stdout } = await kubectl([...inNamespace, 'get', 'secret', 'nines-api-key', '--ignore-not-found', '--output', 'json']);
  return keyOf(stdout);
}

const FORWARD_MS = 20_000;

/** A free loopback port that leads to the pod. */
function forward(inNamespace: readonly string[], pod: string, port: number): Promise<{ url: string; close(): void }> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', [...inNamespace, 'port-forward', '--address', '127.0.0.1', `pod/${pod}`, `:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const close = () => void child.kill('SIGTERM');
    const give = (trouble: string) => {
      clearTimeout(timer);
      close();
      reject(new Error(`kubectl port-forward to ${pod} failed (${trouble})`));
    };
    const timer = setTimeout(() => give('no answer in time'), FORWARD_MS);
    child.once('error', (error) => give(error.message));
    child.once('exit', () => give(lastLine(output) ?? 'it says nothing'));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-10_000);
        const local = forwardedPort(output);
        if (local === undefined) return;
        clearTimeout(timer);
        resolve({ url: `http://127.0.0.1:${local}`, close });
      });
    }
  });
}

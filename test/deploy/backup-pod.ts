import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { onPath } from '../../tools/redis/machine.ts';
import { startRedis, type RunningRedis } from '../../tools/redis/start.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

/**
 * A real Redis with the settings of the chart, and a kubectl that stands for the cluster around it: what is to be executed in the pod runs
 * here, the pod that is deleted comes back on the same files, and a Deployment is scaled by telling the test.
 */
export interface Pod {
  readonly server: RunningRedis;
  /** Where `--to` and `--from` may point. */
  readonly folder: string;
  run(script: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Called when a Deployment is scaled, and waited for. */
  onScale(scaled: (name: string, replicas: number) => Promise<void>): void;
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly calls: readonly string[];
}

/** What the chart's user for whoever is on call may at least do: that must be enough. */
const operator = { OPERATOR_PASSWORD: 'of-the-operator' };
const USERS = [
  '--user',
  'operator',
  'on',
  `>${operator.OPERATOR_PASSWORD}`,
  'resetkeys',
  'resetchannels',
  '-@all',
  '+info',
  '+bgrewriteaof',
];
/** Both families bring the same three programs. */
const FAMILY = onPath('redis-server') === undefined ? 'valkey' : 'redis';
export const REDIS_PROGRAM: string | undefined = onPath(`${FAMILY}-server`);
/** Its log is in files of its own from 7 on; the scripts refuse what is older. */
export const KEEPS_LOG_FILES: boolean =
  REDIS_PROGRAM !== undefined && !/v=[1-6]\./.test(spawnSync(REDIS_PROGRAM, ['--version']).stdout.toString());
const KUBECTL = `#!/usr/bin/env bash
printf '%s\\n' "kubectl $*" >>"$LOG"
if [[ -n \${FAIL:-} && "kubectl $*" =~ $FAIL ]]; then exit 1; fi
tell() { exec 3<>"/dev/tcp/127.0.0.1/$CLUSTER" && printf '%s\\n' "$*" >&3 && read -r answer <&3 && [[ $answer == done ]]; }
case "$*" in
  *' exec '*) while [[ $1 != -- ]]; do shift; done; shift; if [[ -n \${CUT:-} && $1 == cat ]]; then "$@" | head -c "$CUT"; else "$@"; fi ;;
  *' delete pod nines-redis-0 '*) tell restart ;;
  *' scale '*) tell "scale \${4#deployment/} \${6}" ;;
  *' annotate '*nines-replicas=*) printf %s "\${6#nines-replicas=}" >"$STATE/\${4#deployment/}" ;;
  *' annotate '*nines-replicas-) rm "$STATE/\${4#deployment/}" ;;
  *'jsonpath={.metadata.annotations.nines-replicas}') if [[ -e $STATE/\${4#deployment/} ]]; then cat "$STATE/\${4#deployment/}"; fi ;;
  *'jsonpath={.spec.replicas}') printf 2 ;;
esac
`;

export async function startPod(): Promise<Pod> {
  const home = mkdtempSync(join(tmpdir(), 'nines-pod-'));
  const server = await startRedis({ program: REDIS_PROGRAM ?? 'redis-server', args: chartSettings() });
  let scaled = async (_name: string, _replicas: number): Promise<void> => {};
  const act = async (line: string): Promise<void> => {
    const [verb, name = '', replicas] = line.split(' ');
    if (verb === 'restart') await server.restart();
    else await scaled(name, Number(replicas));
  };
  const cluster = createServer((socket) => {
    createInterface(socket).on(
      'line',
      (line) =>
        void act(line).then(
          () => socket.end('done\n'),
          () => socket.destroy(),
        ),
    );
  }).listen(0, '127.0.0.1');
  await once(cluster, 'listening');
  onTestFinished(async () => {
    cluster.close();
    await server.stop('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });
  program(home, 'kubectl', KUBECTL);
  program(home, 'redis-cli', `#!/usr/bin/env bash\nexec ${onPath(`${FAMILY}-cli`)} -p ${server.port} "$@"\n`);
  program(home, 'redis-check-rdb', `#!/usr/bin/env bash\nexec ${onPath(`${FAMILY}-check-rdb`)} "$@"\n`);
  const env = {
    CLUSTER: String((cluster.address() as AddressInfo).port),
    STATE: home,
    LOG: join(home, 'log'),
    HOME: home,
    NINES_REDIS_DATA: server.dir,
    ...operator,
  };
  return {
    server,
    folder: home,
    run: (script, args, more = {}) => execute(home, script, args, { ...env, ...more }),
    onScale(listener) {
      scaled = listener;
    },
  };
}

function program(home: string, name: string, text: string): void {
  mkdirSync(join(home, 'tools'), { recursive: true });
  writeFileSync(join(home, 'tools', name), text);
  chmodSync(join(home, 'tools', name), 0o755);
}

async function execute(home: string, script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  writeFileSync(join(home, 'log'), '');
  const PATH = `${join(home, 'tools')}${delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(join(ROOT, 'deploy/scripts', script), [...args], { cwd: home, env: { ...env, PATH } });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output: chunks.join(''), calls: readFileSync(join(home, 'log'), 'utf8').split('\n').slice(0, -1) };
}

/** What the rendered chart says of keeping data; addresses, folders and users are the pod's own. */
function chartSettings(): string[] {
  const file = parse(readFileSync(join(ROOT, 'deploy/k8s/base/redis.configmap.yaml'), 'utf8')) as {
    data: Readonly<Record<string, string>>;
  };
  const text = file.data['redis.conf'] ?? '';
  const kept = /^(append\S+|save|maxmemory\S*) (.+)$/gm;
  const settings = [...text.matchAll(kept)].flatMap(([, name = '', value = '']) => [`--${name}`, value === '""' ? '' : value]);
  return [...settings, ...USERS];
}

import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseManifests, type Manifest } from '../../../tools/deploy/manifests.ts';
import { podSpecOf } from '../../../tools/deploy/pod-rules.ts';
import { K8S } from '../../../tools/deploy/render.ts';
import { startRedis } from '../../../tools/redis/start.ts';

export type User = 'api' | 'worker' | 'operator';
export const USERS: readonly User[] = ['api', 'worker', 'operator'];
export const passwordOf = (user: User): string => user.repeat(8);

const read = (name: string): Manifest => parseManifests(readFileSync(join(K8S, 'base', name), 'utf8'))[0]!;

/** The container of Redis as `deploy/k8s/base` has it. */
export function redisContainer(): IContainer {
  return (podSpecOf(read('redis.statefulset.yaml')) as IPodSpec).containers[0]!;
}

/** What its configuration file says. */
export const redisConf = (): string => read('redis.configmap.yaml').data!['redis.conf']!;

/** The arguments of redis-server, with the passwords that Kubernetes would put in. */
function userArguments(): string[] {
  const [, , ...args] = redisContainer().command ?? [];
  return args.map((arg) => arg.replace(/\$\((\w+)_PASSWORD\)/, (_, user: string) => passwordOf(user.toLowerCase() as User)));
}

/** What follows `-@all` for a user, without the plus. */
export function commandsOf(user: User): string[] {
  const args = userArguments();
  const own = args.slice(args.indexOf(user) + 1);
  const end = own.indexOf('--user');
  return own.slice(own.indexOf('-@all') + 1, end < 0 ? undefined : end).map((arg) => arg.slice(1));
}

export interface ChartRedis {
  readonly port: number;
  url(user: string, password?: string): string;
  stop(): Promise<void>;
}

/** A real server with the configuration and the arguments of the chart; only its folder and its address are the test's. */
export async function startChartRedis(program: string): Promise<ChartRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'nines-chart-redis-'));
  const file = join(folder, 'redis.conf');
  await writeFile(file, redisConf().replace('dir /data', `dir ${folder}`));
  const redis = await startRedis({ program, args: ['--include', file, '--bind', '127.0.0.1', ...userArguments()] });
  return {
    port: redis.port,
    url: (user, password = passwordOf(user as User)) => `redis://${user}:${password}@127.0.0.1:${redis.port}`,
    async stop() {
      await redis.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

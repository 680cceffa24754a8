import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import type { Role } from '../../../tools/redis-users/rights.ts';
import * as scripts from '../src/redis/scripts.gen.ts';

/** The lines of redis.conf in the guide to Redis users. */
export const guideLines: readonly string[] = readFileSync(new URL('../../../docs/guides/queue-redis-users.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^user \w+ o(n|ff) [~>]/.test(line) && !line.includes('#'));

/** Each user's password is its name; the administrator is the test's own. */
export const configuration = (lines: readonly string[]): string =>
  [...lines.map((line) => line.replace(/^(user (\w+) .*)>CHANGE-ME/, '$1>$2')), 'user admin on >admin ~* &* +@all', ''].join('\n');

export interface GuardedRedis {
  readonly server: RunningRedis;
  readonly admin: Redis;
  /** A connection as that user; it is closed with the test. */
  readonly connect: (user: string, password?: string) => Redis;
  readonly url: (user: string) => string;
}

/** A Redis with these users, that keeps everything it acknowledged; all ends with the test. */
export async function guardedRedis(lines: readonly string[]): Promise<GuardedRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'nines-users-'));
  const file = join(folder, 'users.conf');
  await writeFile(file, configuration(lines));
  const server = await startRedis({ program: 'redis-server', args: ['--include', file, '--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(async () => {
    await server.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const url = (user: string, password = user) => `redis://${user}:${password}@127.0.0.1:${server.port}`;
  const connect = (user: string, password?: string) => {
    const redis = new Redis(url(user, password), { disableClientInfo: true, retryStrategy: () => 20 });
    redis.on('error', () => {});
    onTestFinished(() => redis.disconnect());
    return redis;
  };
  return { server, admin: connect('admin'), connect, url };
}

const NAMES = new Map(Object.values(scripts).flatMap(({ sha, source, name }) => [sha, source].map((key) => [key, name])));

/** Watches which scripts each user runs, until it is asked. */
export async function watchScripts(admin: Redis): Promise<(role: Role) => Promise<readonly string[]>> {
  const monitor = await admin.monitor();
  monitor.on('error', () => {});
  onTestFinished(() => monitor.disconnect());
  const users = new Map<string, string>();
  const ran: { readonly address: string; readonly script: string }[] = [];
  const remember = async () => {
    const clients = String(await admin.client('LIST'));
    for (const [, address = '', user = ''] of clients.matchAll(/ addr=(\S+) .* user=(\S+)/g)) users.set(address, user);
  };
  monitor.on('monitor', (_time: string, [command = '', what = '']: readonly string[], address: string) => {
    const script = /^eval(sha)?$/i.test(command) ? NAMES.get(what) : undefined;
    if (script === undefined) return;
    ran.push({ address, script });
    if (!users.has(address)) void remember();
  });
  return async (role) => {
    await remember();
    return [...new Set(ran.filter(({ address }) => users.get(address) === role).map(({ script }) => script))];
  };
}

import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { findRedis, type RedisPlan, type RedisProbes } from './find.ts';
import { machineProbes } from './machine.ts';
import { startRedis } from './start.ts';

const run = promisify(execFile);

/** A Redis that answers. */
export interface EnsuredRedis {
  readonly url: string;
  /** Where it came from: `url` is somebody else's and `stop` leaves it alone. */
  readonly how: 'url' | 'program' | 'install' | 'docker';
  /** The server's process id when it is ours and local. */
  readonly pid: number | undefined;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface EnsureRedisOptions {
  /** Further server arguments; not used for `REDIS_URL`. */
  readonly args?: readonly string[];
  /** Gets one line when something is installed or pulled; standard error by default. */
  readonly say?: (line: string) => void;
  /** What the machine answers; given by tests. */
  readonly probes?: RedisProbes;
}

/** No Redis can be had here. `command` is the one command that helps; a CLI prints the message and exits with 2. */
export class RedisUnavailable extends Error {
  readonly command: string;

  constructor(reason: string, command: string, options?: ErrorOptions) {
    super(`Redis is needed: ${reason}. Run this, then try again:\n  ${command}`, options);
    this.name = 'RedisUnavailable';
    this.command = command;
  }
}

/**
 * Finds or installs Redis, then starts or reaches it.
 *
 * @throws RedisUnavailable when there is none, or the one of `REDIS_URL` does not answer.
 */
export async function ensureRedis(options: EnsureRedisOptions = {}): Promise<EnsuredRedis> {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  const probes = options.probes ?? machineProbes();
  const plan = await findRedis(probes);
  if (plan.how === 'none') throw new RedisUnavailable(plan.reason, plan.command);
  if (plan.how === 'url') return reach(plan.url);
  if (plan.how === 'docker') {
    say(`Redis is not installed: starting ${plan.image} in Docker`);
    return container(plan.image, options.args ?? []);
  }
  if (plan.how === 'install') await install(plan, say);
  return started(plan.how, plan.program, options);
}

async function reach(url: string): Promise<EnsuredRedis> {
  const { hostname, port } = address(url);
  try {
    await connectOnce(hostname, port);
  } catch (cause) {
    // The address may carry a password: only host and port are named.
    throw new RedisUnavailable(`REDIS_URL points to ${hostname}:${port}, which does not answer`, 'unset REDIS_URL', { cause });
  }
  return { url, how: 'url', pid: undefined, stop: async () => {} };
}

function address(url: string): { hostname: string; port: number } {
  try {
    const { hostname, port, protocol } = new URL(url);
    if (protocol !== 'redis:' && protocol !== 'rediss:') throw new TypeError(`the protocol is ${protocol}`);
    return { hostname: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port || 6379) };
  } catch (cause) {
    throw new RedisUnavailable('REDIS_URL is not an address like redis://127.0.0.1:6379', 'unset REDIS_URL', { cause });
  }
}

async function connectOnce(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout: 5_000 });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer from ${host}:${port} in 5000 ms`)));
    socket.once('error', reject);
  });
}

async function started(how: 'program' | 'install', program: string, options: EnsureRedisOptions): Promise<EnsuredRedis> {
  const redis = await startRedis({ program, args: options.args ?? [] });
  return { url: redis.url, how, pid: redis.pid, stop: (signal) => redis.stop(signal) };
}

async function install(plan: Extract<RedisPlan, { how: 'install' }>, say: (line: string) => void): Promise<void> {
  say(`Redis is not installed: installing it with ${plan.by === 'apt' ? 'apt-get' : 'brew'}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const [program = '', ...args] of plan.commands) {
    try {
      await run(program, args, { env, maxBuffer: 64 * 1024 * 1024 });
    } catch (cause) {
      const shown = [program, ...args].join(' ');
      throw new RedisUnavailable(`"${shown}" failed`, shown, { cause });
    }
  }
}

async function container(image: string, args: readonly string[]): Promise<EnsuredRedis> {
  const server = args.length === 0 ? [] : ['redis-server', ...args];
  const created = await run('docker', ['run', '--detach', '--rm', '--publish', '127.0.0.1::6379', image, ...server]);
  const id = created.stdout.trim();
  const mapped = await run('docker', ['port', id, '6379/tcp']);
  const port = Number(/:(\d+)\s*$/m.exec(mapped.stdout)?.[1]);
  await answers(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    how: 'docker',
    pid: undefined,
    stop: async (signal = 'SIGTERM') => {
      await run('docker', ['kill', '--signal', signal, id]).catch(() => {});
    },
  };
}

/** Docker accepts connections on the port before Redis does: asks until a PONG comes. */
async function answers(port: number): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    try {
      await ping(port);
      return;
    } catch (cause) {
      if (Date.now() > until) throw new Error(`Redis in Docker does not answer on port ${port}`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      if (chunk.toString().startsWith('+PONG')) resolve();
      else reject(new Error('the answer to PING is not PONG'));
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer to PING')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before an answer')));
  });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { watchdog } from './watchdog.ts';

/** A Redis server of our own. */
export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  /** Where it keeps its files. */
  readonly dir: string;
  /** The server's process id; another one after {@link RunningRedis.restart}. */
  readonly pid: number;
  /** Ends the server and removes its folder. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /**
   * Ends the server with the signal and starts it again on the same port and folder (add `--appendonly yes` to keep its data);
   * `meanwhile` is called while it is down.
   */
  restart(signal?: NodeJS.Signals, meanwhile?: () => void): Promise<void>;
}

export interface StartRedisOptions {
  /** The server program; it must exist. */
  readonly program: string;
  /** Further arguments, for example `['--maxmemory', '8mb']`. */
  readonly args?: readonly string[];
  /** Makes it a Sentinel: the lines of its configuration file, which it rewrites by itself. Then `args` are not used. */
  readonly sentinel?: readonly string[];
}

/**
 * Starts a Redis of our own on a free loopback port with a temporary folder; resolves when it accepts connections.
 * It runs in a session of its own, so that Ctrl-C reaches the services first, and ends when this process ends, however it ends.
 */
export async function startRedis(options: StartRedisOptions): Promise<RunningRedis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'nines-redis-'));
  const args =
    options.sentinel === undefined ? serverArguments(port, dir, options.args ?? []) : await sentinelArguments(port, dir, options.sentinel);
  let server = await launch(options.program, args);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return server.child.pid ?? 0;
    },
    async stop(signal = 'SIGTERM') {
      await server.end(signal);
      await rm(dir, { recursive: true, force: true });
    },
    async restart(signal = 'SIGTERM', meanwhile) {
      await server.end(signal);
      meanwhile?.();
      server = await launch(options.program, args);
    },
  };
}

interface Server {
  readonly child: ChildProcess;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function launch(program: string, args: readonly string[]): Promise<Server> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await ready(child, program);
  const guard = watchdog(child.pid ?? 0);
  return {
    child,
    async end(signal) {
      process.off('exit', kill);
      guard?.kill('SIGKILL');
      guard?.stdin?.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      // A stopped process cannot act on a signal other than SIGKILL until it is continued.
      child.kill('SIGCONT');
      await exited;
    },
  };
}

function serverArguments(port: number, dir: string, extra: readonly string[]): string[] {
  // Redis 6.2 takes no second --save after an empty one.
  const save = extra.includes('--save') ? [] : ['--save', ''];
  return ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...save, '--appendonly', 'no', '--daemonize', 'no', ...extra];
}

async function sentinelArguments(port: number, dir: string, lines: readonly string[]): Promise<string[]> {
  const file = join(dir, 'sentinel.conf');
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...lines, ''].join('\n'));
  return [file, '--sentinel'];
}

async function ready(child: ChildProcess, program: string): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${String(code)} before it was ready: ${output}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (output.length < 65_536) output += chunk.toString();
      if (/ready to accept connections|Sentinel ID is/i.test(output)) resolve();
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

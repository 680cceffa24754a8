import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './docker-run.ts';
import { onPath } from '../redis/machine.ts';

// Why this file: continuous integration has no Docker service, yet what the images promise must be tried, not believed.

/** A Docker daemon that answers. */
export interface Docker {
  /** The variables that lead the `docker` program to the daemon, and to its classic builder, which needs no plug-in. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `docker ARGUMENTS`; gives its output, rejects with it when it fails. */
  docker(args: readonly string[], options?: { readonly timeoutMs?: number }): Promise<string>;
  /** Ends the daemon and removes its folder, when it was started here. */
  stop(): Promise<void>;
}

/** Why there is no Docker, in one line. */
export interface NoDocker {
  readonly reason: string;
}

/** The daemon of this machine, or one started by hand, as root on Linux, with a folder and a socket of its own. */
export async function findDocker(): Promise<Docker | NoDocker> {
  if (onPath('docker') === undefined) return { reason: 'there is no docker program; on Debian: apt-get install docker.io' };
  const running = client({});
  if (await answers(running)) return { ...running, stop: async () => {} };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { reason: 'no Docker daemon answers, and only root can start one' };
  if (onPath('dockerd') === undefined) return { reason: 'no Docker daemon answers; on Debian: apt-get install docker.io' };
  return startDaemon();
}

function client(env: NodeJS.ProcessEnv): Omit<Docker, 'stop'> {
  const all = { ...process.env, DOCKER_BUILDKIT: '0', ...env };
  return { env: all, docker: (args, { timeoutMs = 60_000 } = {}) => run('docker', args, { env: all, timeout: timeoutMs }) };
}

async function answers({ docker }: Omit<Docker, 'stop'>): Promise<boolean> {
  try {
    await docker(['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** overlay2 is fast and needs a file system that can carry it; vfs copies, and works anywhere. */
const STORAGE = ['overlay2', 'vfs'];
const START_MS = 30_000;

async function startDaemon(): Promise<Docker | NoDocker> {
  let reason = '';
  for (const storage of STORAGE) {
    const started = await tryDaemon(storage);
    if ('env' in started) return started;
    ({ reason } = started);
  }
  return { reason };
}

/** Containers get the host's network: so the daemon touches neither its bridges nor its firewall. */
async function tryDaemon(storage: string): Promise<Docker | NoDocker> {
  const folder = await mkdtemp(join(tmpdir(), 'nines-docker-'));
  const at = (name: string) => join(folder, name);
  const socket = `unix://${at('socket')}`;
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '--host', socket];
  const log = openSync(at('log'), 'a');
  const daemon = spawn('dockerd', [...places, '--storage-driver', storage, '--bridge=none', '--iptables=false', '--ip6tables=false'], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  const guard = watchdog(daemon, folder);
  const found = client({ DOCKER_HOST: socket });
  const stop = async () => {
    guard.kill('SIGKILL');
    await ended(daemon);
    await remove(folder);
  };
  try {
    await started(daemon, found, at('log'));
    await provesItself(found, folder);
    return { ...found, stop };
  } catch (error) {
    await stop();
    return { reason: `dockerd cannot run a container here, with ${storage}: ${telling((error as Error).message)}` };
  }
}

/** The last line that tells of an error: after it there may be advice. */
function telling(output: string): string {
  const lines = output.trimEnd().split('\n');
  return (lines.findLast((line) => /error|denied|not permitted/i.test(line)) ?? lines.at(-1) ?? '').slice(-300);
}

async function started(daemon: ChildProcess, found: Omit<Docker, 'stop'>, log: string): Promise<void> {
  for (const until = Date.now() + START_MS; Date.now() < until && daemon.exitCode === null; await delay(200)) {
    if (await answers(found)) return;
  }
  throw new Error(readFileSync(log, 'utf8'));
}

/** A daemon may answer, and yet not be allowed to unpack an image or to start a process: this image has nothing but the log in it. */
async function provesItself({ docker }: Omit<Docker, 'stop'>, folder: string): Promise<void> {
  const tar = join(folder, 'probe.tar');
  await run('tar', ['-cf', tar, '-C', folder, 'log']);
  await docker(['import', tar, 'nines-probe']);
  const programs = ['/usr', '/lib', '/lib64'].flatMap((path) => (existsSync(path) ? ['--volume', `${path}:${path}:ro`] : []));
  await docker(['run', '--rm', '--network', 'host', ...programs, 'nines-probe', '/usr/bin/true']);
  await docker(['image', 'rm', 'nines-probe']);
}

async function ended(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await exited;
}

/** dockerd leaves mounts behind: its network namespace always, its data where it could not start. What still cannot be removed is only temporary. */
async function remove(folder: string): Promise<void> {
  const mounted = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const path of mounted.filter((one) => one.startsWith(`${folder}/`)).toReversed()) await run('umount', ['-l', path]).catch(() => '');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
}

/** Ends the daemon and removes its folder when this process is gone: the pipe between them closes even after a SIGKILL. */
function watchdog(daemon: ChildProcess, folder: string): ChildProcess {
  const script =
    'cat >/dev/null; kill "$1"; while kill -0 "$1"; do sleep 0.1; done 2>/dev/null; umount -l "$2/exec/netns/default"; rm -rf "$2"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(daemon.pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return guard;
}

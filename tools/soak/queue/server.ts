import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startSentinel } from '../../redis/sentinel.ts';
import { startRedis } from '../../redis/start.ts';
import { failingDisk } from './disk.ts';
import type { Level } from './levels.ts';
import type { Server } from './process-options.ts';

/** The Redis of a run, and what is done to it. */
export interface SoakServer {
  readonly server: Server;
  /** Ends it without warning and brings it, or its replica, back; resolves when it answers again. */
  crash(): Promise<Crash>;
  stop(): Promise<void>;
}

/** The moment of a death, and from when on what was accepted may be forgotten, where that is known. */
export interface Crash {
  readonly diedMs: number;
  readonly forgetsFromMs?: number;
}

export function startServer(level: Level, program: string): Promise<SoakServer> {
  return level === 'replica' || level === 'replicated' ? startPair(program) : startAlone(level, program);
}

const ARGS: Readonly<Record<Exclude<Level, 'replica' | 'replicated'>, readonly string[]>> = {
  memory: [],
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
  everysec: ['--appendonly', 'yes', '--appendfsync', 'everysec', '--aof-load-truncated', 'yes'],
  fsync: ['--appendonly', 'yes', '--appendfsync', 'everysec', '--aof-load-truncated', 'yes'],
};

async function startAlone(level: keyof typeof ARGS, program: string): Promise<SoakServer> {
  const redis = await startRedis({ program, args: [...ARGS[level], '--auto-aof-rewrite-percentage', '0'] });
  const disk =
    level === 'everysec' || level === 'fsync' ? failingDisk(join(redis.dir, 'appendonlydir'), redis.port, level === 'fsync') : undefined;
  return {
    server: { host: '127.0.0.1', port: redis.port },
    async crash() {
      let diedMs = 0;
      await disk?.prepare();
      // A killed process leaves what it wrote to the system; a power failure does not. So what was not on the disk goes.
      await redis.restart('SIGKILL', () => {
        diedMs = Date.now();
        disk?.forget();
      });
      return { diedMs };
    },
    async stop() {
      disk?.stop();
      await redis.stop('SIGKILL');
    },
  };
}

const WAIT_MS = 10_000;
/** How long the replica hears nothing before its primary dies. */
const LAG_MS = 300;

/** A primary and its replica, which takes over when the primary dies and is given a replica of its own. */
async function startPair(program: string): Promise<SoakServer> {
  const sentinel = await startSentinel(program, 1);
  return {
    server: { sentinels: sentinel.sentinels, name: sentinel.name },
    async crash() {
      const old = await sentinel.primary();
      const replica = sentinel.nodes.at(-1)!;
      const forgetsFromMs = await caughtUp(old.port);
      process.kill(replica.pid, 'SIGSTOP');
      await forgetReplica(old.port);
      await pause(LAG_MS);
      let diedMs = 0;
      await sentinel.failOver(() => {
        diedMs = Date.now();
        process.kill(replica.pid, 'SIGCONT');
      });
      await sentinel.addReplica();
      return { diedMs: old === replica ? 0 : diedMs, forgetsFromMs };
    },
    stop: () => sentinel.stop(),
  };
}

/** Waits until the replica has heard all that was accepted before the moment that this resolves to; on a busy machine it may be behind already. */
async function caughtUp(port: number): Promise<number> {
  const redis = new Redis(port);
  try {
    // WAIT asks for what the primary had done when this connection's last command ran.
    await redis.ping();
    const sinceMs = Date.now();
    await redis.ping();
    if ((await redis.wait(1, WAIT_MS)) < 1) throw new Error(`the replica was not level with its primary within ${WAIT_MS} ms`);
    return sinceMs;
  } finally {
    redis.disconnect();
  }
}

/** Closes the connection to a replica that is stopped: what is sent to an open one waits in the system, and is read when the replica goes on. */
async function forgetReplica(port: number): Promise<void> {
  const redis = new Redis(port);
  try {
    await redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
  } finally {
    redis.disconnect();
  }
}

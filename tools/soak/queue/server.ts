import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis } from '../../redis/start.ts';
import type { Server } from './process-options.ts';

/** How the Redis of a run keeps what it was told, and what is done to it. */
export interface SoakServer {
  readonly server: Server;
  /** Where its commands may be sent now, for the parent's own look. */
  readonly url: () => string;
  /** Ends it without warning and brings it back; resolves when it answers again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** The levels of a run: who may die, and what that may cost. */
export const LEVELS = {
  memory: { title: 'no persistence; clients die, Redis lives', redisDies: false, lossWindowMs: 0 },
  always: { title: 'appendfsync always; Redis is killed too', redisDies: true, lossWindowMs: 0 },
  everysec: { title: 'appendfsync everysec; the power fails', redisDies: true, lossWindowMs: 2000 },
} as const;

export type Level = keyof typeof LEVELS;

const ARGS: Readonly<Record<Level, readonly string[]>> = {
  memory: [],
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
  everysec: ['--appendonly', 'yes', '--appendfsync', 'everysec', '--aof-load-truncated', 'yes'],
};

export async function startServer(level: Level, program: string): Promise<SoakServer> {
  const redis = await startRedis({ program, args: [...ARGS[level], '--auto-aof-rewrite-percentage', '0'] });
  const disk = level === 'everysec' ? watchDisk(join(redis.dir, 'appendonlydir')) : undefined;
  return {
    server: { host: '127.0.0.1', port: redis.port },
    url: () => redis.url,
    async crash() {
      // A killed process leaves what it wrote to the system; a power failure does not. So what was surely not on the disk goes.
      await redis.restart('SIGKILL', () => disk?.forget());
    },
    async stop() {
      disk?.stop();
      await redis.stop('SIGKILL');
    },
  };
}

const LOOK_EVERY_MS = 100;
/** Redis syncs once a second, so what was written longer ago than this was on the disk. */
const UNSYNCED_MS = 1000;

/** Watches how long the append-only file was, and cuts it back to what a power failure leaves. */
function watchDisk(folder: string): { forget(): void; stop(): void } {
  let sizes: { readonly at: number; readonly bytes: number }[] = [];
  const file = () => {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.incr.aof'));
    return name === undefined ? undefined : join(folder, name);
  };
  const look = () => {
    const path = file();
    const now = Date.now();
    if (path !== undefined) sizes = [...sizes.filter(({ at }) => now - at < 10 * UNSYNCED_MS), { at: now, bytes: statSync(path).size }];
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    forget() {
      const path = file();
      const now = Date.now();
      const safe = sizes.findLast(({ at }) => now - at >= UNSYNCED_MS);
      if (path !== undefined && safe !== undefined) truncateSync(path, Math.min(safe.bytes, statSync(path).size));
      sizes = [];
    },
    stop: () => clearInterval(timer),
  };
}

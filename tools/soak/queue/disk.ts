import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** With `everysec` Redis syncs once a second: what was written in the second before a power failure may be gone. */
const UNSYNCED_MS = 1000;
/** After a sync that somebody waited for, and before the next one. */
const BETWEEN_SYNCS_MS = 400;

/** An append-only file under a power failure that is played. */
export interface Disk {
  /** Notes what is on the disk, and lets some time pass in which more is written; kill the server then. */
  prepare(): Promise<void>;
  /** Cuts the file back to what was noted; to be called when the server is dead. */
  forget(): void;
  stop(): void;
}

/**
 * `exact` asks the server (WAITAOF): the length is read after the confirmation, so all that this sync confirmed to anybody survives, and
 * what is written before the next one does not. Without it a whole second of writes is lost, the worst that `everysec` allows.
 */
export function failingDisk(folder: string, port: number, exact: boolean): Disk {
  const redis = exact ? new Redis(port, { retryStrategy: () => 20 }) : undefined;
  redis?.on('error', () => {});
  let synced: { readonly file: string; readonly bytes: number } | undefined;
  return {
    async prepare() {
      if (redis !== undefined) await confirmed(redis);
      const name = readdirSync(folder).find((entry) => entry.endsWith('.incr.aof'));
      const file = join(folder, name ?? '');
      synced = name === undefined ? undefined : { file, bytes: statSync(file).size };
      await pause(exact ? BETWEEN_SYNCS_MS : UNSYNCED_MS);
    },
    forget() {
      if (synced !== undefined) truncateSync(synced.file, synced.bytes);
    },
    stop: () => redis?.disconnect(),
  };
}

/** Writes something that leaves no key, and waits until it is on the disk, with all that was written before. */
async function confirmed(redis: Redis): Promise<void> {
  for (;;) {
    try {
      await redis.multi().set('soak:disk', '1').del('soak:disk').exec();
      const [local] = (await redis.call('WAITAOF', '1', '0', '3000')) as [number, number];
      if (local === 1) return;
    } catch {
      // Its connection is among those that are cut; it comes back.
    }
  }
}

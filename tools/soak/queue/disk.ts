import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

const LOOK_EVERY_MS = 100;
/** With `everysec` Redis syncs once a second, so what was written longer ago than this was on the disk. */
const UNSYNCED_MS = 1000;
const BETWEEN_SYNCS_MS = 400;

/** Watches an append-only file, and cuts it back to what a power failure leaves. */
export interface Disk {
  /** Resolves when something was synced, and a part of the time until the next sync is over: what is written in it is not on the disk. */
  synced(): Promise<void>;
  /** To be called when the server is dead. */
  forget(): void;
  stop(): void;
}

/**
 * What was surely on the disk: where the server has WAITAOF and is asked (`exact`), what it confirmed; else what was written a second ago.
 * The length is read after the confirmation, so all that was confirmed to anybody by that sync survives.
 */
export function watchDisk(folder: string, port: number, exact: boolean): Disk {
  const redis = exact ? new Redis(port, { retryStrategy: () => 20 }) : undefined;
  redis?.on('error', () => {});
  let sizes: { readonly at: number; readonly bytes: number }[] = [];
  let looking = false;
  let onSynced = () => {};
  const file = () => {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.incr.aof'));
    return name === undefined ? undefined : join(folder, name);
  };
  const look = async () => {
    const path = file();
    if (looking || path === undefined) return;
    looking = true;
    if (redis === undefined || (await confirmed(redis))) {
      const now = Date.now();
      sizes = [...sizes.filter(({ at }) => now - at < 10 * UNSYNCED_MS), { at: now, bytes: statSync(path).size }];
      onSynced();
    }
    looking = false;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return {
    async synced() {
      if (!exact) return;
      await new Promise<void>((resolve) => (onSynced = resolve));
      await pause(BETWEEN_SYNCS_MS);
    },
    forget() {
      const path = file();
      const now = Date.now();
      const safe = sizes.findLast(({ at }) => exact || now - at >= UNSYNCED_MS);
      if (path !== undefined && safe !== undefined) truncateSync(path, Math.min(safe.bytes, statSync(path).size));
      sizes = [];
    },
    stop() {
      clearInterval(timer);
      redis?.disconnect();
    },
  };
}

/** Writes something that leaves no key, and waits until it is on the disk, with all that was written before. */
async function confirmed(redis: Redis): Promise<boolean> {
  try {
    await redis.multi().set('soak:disk', '1').del('soak:disk').exec();
    const [local] = (await redis.call('WAITAOF', '1', '0', '3000')) as [number, number];
    return local === 1;
  } catch {
    return false;
  }
}

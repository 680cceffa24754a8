import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 1000;

/** Asks at once, then each second, until it is so or the time is over. */
export async function until(timeoutMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; ;) {
    if (await isSo()) return true;
    const left = end - Date.now();
    if (left <= 0) return false;
    await delay(Math.min(LOOK_MS, left));
  }
}

import { defineQueue, fixed, type Durability, type Queue } from '@nines/queue';

/** Milliseconds of silence after which a worker's jobs are given away. The shortest that the queue allows, so that a run sees many. */
export const LEASE_MS = 1000;

/** The payload carries the number, so that a job that comes back with another body is noticed. */
export interface SoakJob {
  readonly n: number;
}

/** The queue of a run; both sides define it alike. Poison is not looked for here, so a job may be lost often. */
export function soakQueue(maxWaiting: number, durability: Durability = 'memory'): Queue<SoakJob> {
  return defineQueue<SoakJob>({ name: 'soak', leaseMs: LEASE_MS, maxLeaseLosses: 100, maxWaiting, backoff: fixed(50), durability });
}

/** What happens to one job beside being done; most are done at once. */
export interface Fate {
  readonly delayMs: number;
  /** Its first attempt fails. */
  readonly fails: boolean;
  /** How long its handler takes. */
  readonly workMs: number;
}

/** Follows from the seed and the number alone, so that every process knows it. */
export function fateOf(seed: number, n: number): Fate {
  const chance = mix(seed, n) / 4_294_967_296;
  return { delayMs: chance < 0.02 ? 100 : 0, fails: chance >= 0.02 && chance < 0.04, workMs: chance >= 0.9 ? 1 + (n % 20) : 0 };
}

/** A whole number of 32 bits that looks like chance; the mixing steps are those of MurmurHash3's finaliser. */
export function mix(seed: number, n: number): number {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ n;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

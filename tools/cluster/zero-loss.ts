import { setTimeout as pause } from 'node:timers/promises';
import type { Example, Traffic } from './example.ts';

/** What became of the events of one fault, by set arithmetic: what was accepted against what the subscriber took. */
export interface Account extends Traffic {
  readonly fault: string;
  readonly seconds: number;
  /** Accepted, and never delivered. */
  readonly lost: readonly string[];
  /** Delivered more than once. */
  readonly duplicates: number;
  /** Of these, first delivered by an attempt that began after the fault was over: the fault is no reason for them. */
  readonly unexplained: readonly string[];
  /** Exit codes of containers that were told to end and were not 0. */
  readonly broken: readonly unknown[];
}

export interface Fault {
  readonly name: string;
  /** Whether it leaves a reason for delivering an event twice. */
  readonly mayRepeat: boolean;
  /** Does it and mends it; gives the exit codes of what was told to end. */
  strike(example: Example): Promise<readonly unknown[]>;
}

export const FAULTS: Readonly<Record<'replace' | 'worker-killed' | 'redis-killed', Fault>> = {
  replace: {
    name: 'apis and workers replaced one by one',
    mayRepeat: false,
    strike: async (example) => [...(await example.replace('api')), ...(await example.replace('worker'))],
  },
  'worker-killed': {
    name: 'a worker killed and started again',
    mayRepeat: true,
    strike: (example) => crash(example, 'worker'),
  },
  'redis-killed': {
    name: 'Redis killed and started again on its volume',
    mayRepeat: true,
    strike: (example) => crash(example, 'redis'),
  },
};

export interface FaultLoad {
  readonly perSecond: number;
  /** Requests before the fault, and after it is mended. */
  readonly around: number;
}

/** An attempt that began before the fault was over may last so long: DELIVERY_TIMEOUT_MS. */
const ATTEMPT_MS = 5000;
/** Jobs of a dead holder are taken over after their lease; the first retries come soon. What has not come by then is lost. */
const DELIVERED_WITHIN_MS = 90_000;

/** Lets a fault strike under load, and counts. */
export async function underLoad(example: Example, fault: Fault, { perSecond, around }: FaultLoad): Promise<Account> {
  const began = performance.now();
  let codes: readonly unknown[] = [];
  let overAt = 0;
  const traffic = await example.load({ perSecond, requests: around }, async () => {
    codes = await fault.strike(example);
    overAt = Date.now();
    await example.traffic.call('more', around);
  });
  const seconds = (performance.now() - began) / 1000;
  const lost = await example.deliveries.missing(traffic.accepted, DELIVERED_WITHIN_MS);
  await idle(example);
  const repeated = traffic.accepted.filter((id) => example.deliveries.timesOf(id).length > 1);
  const explained = (id: string) => fault.mayRepeat && (example.deliveries.timesOf(id)[0] ?? 0) <= overAt + ATTEMPT_MS;
  return {
    ...traffic,
    fault: fault.name,
    seconds,
    lost,
    duplicates: repeated.length,
    unexplained: repeated.filter((id) => !explained(id)),
    broken: codes.filter((code) => code !== 0),
  };
}

async function crash(example: Example, component: 'worker' | 'redis'): Promise<[]> {
  const pod = component === 'redis' ? example.redis : example.workers[0];
  if (pod !== undefined) await example.crash(pod);
  return [];
}

/** Until no job is left that could still be delivered again, so that every duplicate has come. */
async function idle(example: Example): Promise<void> {
  for (const until = Date.now() + DELIVERED_WITHIN_MS; Date.now() < until; await pause(250)) {
    if ((await example.jobs()).unfinished === 0) return;
  }
  throw new Error(`after ${DELIVERED_WITHIN_MS} ms there are jobs left: ${JSON.stringify(await example.jobs())}`);
}

/** One line for people. */
export function describeAccount({ fault, seconds, sent, accepted, refused, failed, lost, duplicates, unexplained }: Account): string {
  const not = (what: string, counts: Readonly<Record<string, number>>) => {
    const all = Object.entries(counts).map(([key, count]) => `${count} × ${key}`);
    return `${what} ${all.length === 0 ? '0' : all.join(', ')}`;
  };
  const answered = `${accepted.length} of ${sent} accepted in ${seconds.toFixed(1)} s, ${not('refused', refused)}, ${not('failed', failed)}`;
  return `${fault}: ${answered}; lost ${lost.length}, delivered again ${duplicates}, unexplained ${unexplained.length}`;
}

/**
 * Whether all that is promised was kept. A refusal, 503 with `Retry-After`, is not a failure: nothing was accepted. It may come from an api whose event
 * loop is a second late, since a machine that is too busy is not what is tried here, and while Redis is away.
 */
export function isKept({ accepted, failed, lost, unexplained, broken, refused, fault }: Account): boolean {
  const mayRefuse = fault === FAULTS['redis-killed'].name ? /^503 / : /^503 OVERLOADED$/;
  return (
    accepted.length > 0 &&
    Object.keys(refused).every((answer) => mayRefuse.test(answer)) &&
    [Object.keys(failed), lost, unexplained, broken].every(({ length }) => length === 0)
  );
}

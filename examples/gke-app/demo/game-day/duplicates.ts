import type { Played } from './experiment.ts';

/** Why an event was delivered again. */
export type DuplicateCause =
  | 'its worker was killed'
  | 'Redis was away when it was to be settled'
  | 'an attempt was given up after the receiver had taken it';

export interface Accounts {
  readonly accepted: number;
  /** Distinct events that the receiver took. */
  readonly delivered: number;
  readonly refused: number;
  /** Accepted and never delivered. */
  readonly lost: readonly string[];
  /** Delivered though the sender got no 202: Redis had the event, the answer was lost. */
  readonly deliveredUnaccepted: number;
  /** Deliveries beyond the first of each event, by their cause. */
  readonly duplicates: Readonly<Partial<Record<DuplicateCause, number>>>;
  /** Repetitions that have none of these causes, and events of an unknown origin. */
  readonly unexplained: readonly string[];
}

/** A worker settles in the turn in which a delivery ends; this is for a machine under load. */
const SETTLE_MS = 3000;
/** The moment of a fault is noted just before it is made. */
const LOOSE_MS = 500;

/** What was accepted against what arrived: the sender's ids against the receiver's. */
export function accountsOf({ times, witness }: Played, brokenSwitch: string): Accounts {
  const { accepted, deliveries, failures } = witness;
  const duplicates: Partial<Record<DuplicateCause, number>> = {};
  const unexplained: string[] = [];
  for (const [id, moments] of deliveries) {
    const ordered = moments.toSorted((a, b) => a - b);
    for (const [index, again] of ordered.slice(1).entries()) {
      const before = ordered[index] ?? 0;
      const cause = causeOf({ before, again, failures: failures.get(id) ?? [], times, brokenSwitch });
      if (cause === undefined) unexplained.push(id);
      else duplicates[cause] = (duplicates[cause] ?? 0) + 1;
    }
  }
  const strangers = [...deliveries].filter(([id]) => !accepted.has(id));
  // Only while Redis was away can it have taken an event whose sender was told otherwise.
  const cutOff = (moments: readonly number[]) =>
    brokenSwitch.startsWith('redis') && moments.every((atMs) => atMs >= times.faultMs - SETTLE_MS);
  unexplained.push(...strangers.filter(([, moments]) => !cutOff(moments)).map(([id]) => id));
  return {
    accepted: accepted.size,
    delivered: deliveries.size,
    refused: witness.refused(),
    lost: [...accepted.keys()].filter((id) => !deliveries.has(id)),
    deliveredUnaccepted: strangers.length,
    duplicates,
    unexplained,
  };
}

interface Repetition {
  readonly before: number;
  readonly again: number;
  /** When attempts of this job failed. */
  readonly failures: readonly number[];
  readonly times: Played['times'];
  readonly brokenSwitch: string;
}

/** A cause must lie where it can have worked: between a delivery and the moment by which it was surely settled. */
function causeOf({ before, again, failures, times, brokenSwitch }: Repetition): DuplicateCause | undefined {
  if (failures.some((atMs) => atMs >= before && atMs <= again)) return 'an attempt was given up after the receiver had taken it';
  const near = times.faultMs >= before - LOOSE_MS && times.faultMs <= before + SETTLE_MS;
  // The jobs of a killed worker go to another one when their lease has ended, not before.
  if (brokenSwitch === 'worker-kill' && near && again >= times.faultMs) return 'its worker was killed';
  const away = before <= times.mendedMs + SETTLE_MS && before + SETTLE_MS >= times.faultMs;
  if (brokenSwitch.startsWith('redis-') && away) return 'Redis was away when it was to be settled';
  return undefined;
}

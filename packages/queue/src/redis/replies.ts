import type {
  ClaimedJob,
  DeadCursor,
  DeadPage,
  EnqueueReply,
  EnqueueVerdict,
  ExchangeReply,
  JobCounts,
  JobState,
  StoredJob,
} from '../store.ts';
import { unpackClaim, type PackedClaim } from './packed.ts';

/** What the scripts return, as the store's answers; the order of each tuple is the RETURNS line of its script. */
const REFUSALS: Readonly<Record<number, EnqueueVerdict>> = { 0: 'existing', 1: 'different' };
const HOLDER = ['holding', 'expired', 'idle'] as const;

export function text(value: Buffer): string {
  return value.toString();
}

export type RawEnqueue = readonly [nowMs: number, waiting: number, refused: readonly number[]];

export function enqueueReply([, waiting, refused]: RawEnqueue, jobs: number): EnqueueReply {
  return { waiting, verdicts: verdictsOf(refused, jobs) };
}

/** Scripts that add jobs name those only that were not created. */
export function verdictsOf(refused: readonly number[], jobs: number): EnqueueVerdict[] {
  const verdicts: EnqueueVerdict[] = Array.from({ length: jobs }, () => 'created');
  for (let at = 0; at < refused.length; at += 2) verdicts[refused[at]!] = REFUSALS[refused[at + 1]!] ?? 'full';
  return verdicts;
}

export type RawCommit = readonly [nowMs: number, lost: readonly Buffer[], refused: readonly Buffer[]];
export type RawExchange = [number, number, number, Buffer[], PackedClaim, (Buffer | null)[], number, number, number, number];

export function exchangeReply([
  nowMs,
  status,
  nextDueMs,
  lost,
  packed,
  records,
  suspects,
  recovered,
  poisoned,
  slotsOnly,
]: RawExchange): ExchangeReply {
  const { ids, bodies } = unpackClaim(packed);
  const jobs = ids.map((id, at): ClaimedJob => ({
    id,
    stored: bodies[at],
    record: records[at]?.toString(),
    suspect: at < suspects,
    claimedAtMs: nowMs,
  }));
  return {
    nowMs,
    holder: HOLDER[status] ?? 'idle',
    lostIds: lost.map(text),
    jobs,
    nextDueMs: nextDueMs < 0 ? undefined : nextDueMs,
    recovered,
    poisoned,
    slotsOnly: slotsOnly === 1,
  };
}

export function jobCounts([
  nowMs = 0,
  waiting = 0,
  delayed = 0,
  active = 0,
  dead = 0,
  completed = 0,
  oldest = -1,
  paused = 0,
  due = 0,
]: readonly number[]): JobCounts {
  return {
    waiting,
    delayed,
    due,
    active,
    completed,
    dead,
    oldestAgeMs: oldest < 0 ? 0 : Math.max(0, nowMs - oldest),
    paused: paused === 1,
  };
}

export type RawJob = [number, Buffer, Buffer, Buffer, number, Buffer];

export function storedJob(id: string, [, state, stored, record, atMs, place]: RawJob): StoredJob {
  return {
    id,
    state: text(state) as JobState,
    stored,
    record: record.length === 0 ? undefined : text(record),
    atMs: atMs < 0 ? undefined : atMs,
    place: place.length === 0 ? undefined : text(place),
  };
}

export type RawList = [number, Buffer[], (Buffer | null)[], (Buffer | null)[], number[], (Buffer | null)[]];

export function storedJobs(state: JobState, [, ids, bodies, records, times, places]: RawList): StoredJob[] {
  return ids.flatMap((id, at) => {
    const stored = bodies[at];
    const atMs = times[at] ?? -1;
    // A body that is missing was removed by foreign hands; there is nothing to show of such a job.
    if (stored == null) return [];
    const place = places[at]?.toString();
    return [{ id: text(id), state, stored, record: records[at]?.toString(), atMs: atMs < 0 ? undefined : atMs, place }];
  });
}

export type RawDeadPage = readonly [nowMs: number, ids: readonly Buffer[], records: readonly (Buffer | null)[], times: readonly number[]];

export function deadPage([nowMs, ids, records, times]: RawDeadPage, after: DeadCursor | undefined, limit: number): DeadPage {
  const all = ids.map((id, at) => ({ id: text(id), atMs: times[at] ?? 0, record: records[at]?.toString() }));
  const last = all.length < limit ? undefined : all.at(-1);
  return {
    nowMs,
    letters: after === undefined ? all : all.filter(({ id, atMs }) => atMs > after.atMs || id > after.id),
    next: last && { atMs: last.atMs, id: last.id },
  };
}

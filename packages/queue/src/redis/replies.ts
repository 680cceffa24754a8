import type {
  CancelOutcome,
  ClaimedJob,
  DeadCursor,
  DeadPage,
  EnqueueReply,
  EnqueueVerdict,
  ExchangeReply,
  JobCounts,
  JobNews,
  JobState,
  StoredJob,
  StoredOutcome,
} from '../store.ts';
import { unpackClaim, type PackedClaim } from './packed.ts';

/** What the scripts return, as the store's answers; the order of each tuple is the RETURNS line of its script. */
const REFUSALS: Readonly<Record<number, EnqueueVerdict>> = { 0: 'existing', 1: 'different' };
const HOLDER = ['holding', 'expired', 'idle'] as const;

export function text(value: Buffer): string {
  return value.toString();
}

export type RawEnqueue = readonly [nowMs: number, waiting: number, refused: readonly number[], owners: readonly (number | Buffer)[]];

export function enqueueReply([, waiting, refused, owners]: RawEnqueue, jobs: number): EnqueueReply {
  const verdicts = verdictsOf(refused, jobs);
  if (owners.length === 0) return { waiting, verdicts };
  const keptOutBy = new Map<number, string>();
  for (let at = 0; at < owners.length; at += 2) keptOutBy.set(owners[at] as number, text(owners[at + 1] as Buffer));
  return { waiting, verdicts, keptOutBy };
}

/** Scripts that add jobs name those only that were not created. */
export function verdictsOf(refused: readonly number[], jobs: number): EnqueueVerdict[] {
  const verdicts: EnqueueVerdict[] = Array.from({ length: jobs }, () => 'created');
  for (let at = 0; at < refused.length; at += 2) verdicts[refused[at]!] = REFUSALS[refused[at + 1]!] ?? 'full';
  return verdicts;
}

export type RawCommit = readonly [nowMs: number, lost: readonly Buffer[], refused: readonly Buffer[]];
export type RawExchange = [number, number, number, Buffer[], PackedClaim, (Buffer | null)[], number, number, number, number, Buffer[]];

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
  cancelled,
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
    ...(cancelled.length === 0 ? {} : { cancelledIds: cancelled.map(text) }),
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

export type RawJob = [number, Buffer, Buffer, Buffer, number, Buffer, Buffer, Buffer];

export function storedJob(id: string, [, stateName, stored, record, atMs, progress, result, place]: RawJob): StoredJob {
  const state = text(stateName) as JobState;
  return {
    id,
    state,
    stored,
    record: record.length === 0 ? undefined : text(record),
    atMs: atMs < 0 ? undefined : atMs,
    place: place.length === 0 ? undefined : text(place),
    progress: progress.length === 0 ? undefined : text(progress),
    result: state === 'completed' && result.length > 0 ? result : undefined,
  };
}

export type RawList = [
  number,
  Buffer[],
  (Buffer | null)[],
  (Buffer | null)[],
  number[],
  (Buffer | null)[],
  (Buffer | null)[],
  (Buffer | null)[],
];

export function storedJobs(state: JobState, [, ids, bodies, records, times, progress, results, places]: RawList): StoredJob[] {
  return ids.flatMap((id, at) => {
    const stored = bodies[at];
    const atMs = times[at] ?? -1;
    // A body that is missing was removed by foreign hands; there is nothing to show of such a job.
    if (stored == null) return [];
    return [
      {
        id: text(id),
        state,
        stored,
        record: records[at]?.toString(),
        atMs: atMs < 0 ? undefined : atMs,
        place: places[at]?.toString(),
        progress: progress[at]?.toString(),
        result: (state === 'completed' && results[at]) || undefined,
      },
    ];
  });
}

const CANCELS: readonly CancelOutcome[] = ['unknown', 'ended', 'cancelled', 'cancelling'];

export type RawCancel = readonly [nowMs: number, answers: readonly number[]];

export function cancelOutcomes([, answers]: RawCancel): CancelOutcome[] {
  return answers.map((answer) => CANCELS[answer] ?? 'unknown');
}

/** What is stored as the result of a job that was cancelled; those of handlers begin with another byte. */
const CANCELLED = 'c';

export function storedOutcomes(answers: readonly Buffer[]): StoredOutcome[] {
  return Array.from({ length: answers.length / 2 }, (_, at): StoredOutcome => {
    const [state = '', value = Buffer.alloc(0)] = [answers[2 * at]?.toString(), answers[2 * at + 1]];
    if (state === 'dead') return { state, record: value.length === 0 ? undefined : text(value) };
    if (state !== 'ended') return { state: state === 'pending' ? state : 'unknown' };
    return text(value) === CANCELLED ? { state: 'cancelled' } : { state: 'completed', result: value };
  });
}

/** A message of the channel `lifecycle`. */
export function newsOf(message: string): readonly JobNews[] {
  return JSON.parse(message) as readonly JobNews[];
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

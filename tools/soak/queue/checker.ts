import type { History } from './history.ts';
import { explain, forgottenSince, type Cause, type Fault, type Run } from './explain.ts';

/** What a run left behind. */
export interface Evidence {
  /** Jobs are numbered 0 to `jobs` − 1. */
  readonly jobs: number;
  readonly histories: readonly History[];
  readonly faults: readonly Fault[];
  /** Keys of Redis that are there after the drain and were not there before. */
  readonly orphanKeys: readonly string[];
  /** What a crash of Redis may cost at this durability: jobs accepted so many ms before it, unless the fault says since when; 0 where nothing may be lost. */
  readonly lossWindowMs: number;
  readonly leaseMs: number;
}

/** The arithmetic of sets over a run. */
export interface Verdict {
  /** Jobs whose enqueue resolved. */
  readonly acknowledged: number;
  /** Jobs whose enqueue was cut off: they may be there or not. */
  readonly unanswered: number;
  /** Different jobs whose handler came to its end. */
  readonly handled: number;
  /** Acknowledged and never handled, and no crash of Redis excuses it. */
  readonly lost: readonly number[];
  /** Acknowledged and never handled, accepted within the window before a crash of Redis. */
  readonly lostInWindow: number;
  /** Settlements that the store took from a holder after it had given the job to another. */
  readonly staleAcks: readonly number[];
  readonly orphanKeys: readonly string[];
  /** Handled and never sent. */
  readonly strangers: readonly number[];
  /** Runs beyond the first, by what explains them. */
  readonly duplicates: Readonly<Partial<Record<Cause, number>>>;
  /** Jobs that ran again, and nothing that was done to the run explains it. */
  readonly unexplained: readonly number[];
  /** The most runs of one job. */
  readonly mostRuns: number;
  /** True when every promise was kept. */
  readonly kept: boolean;
}

interface Tables {
  readonly sentAt: Float64Array;
  readonly acceptedAt: Float64Array;
  readonly runs: Uint16Array;
  readonly claims: Uint16Array;
}

/** Compares what was acknowledged with what was handled; reads every history twice, and keeps only the odd jobs in full. */
export function check(evidence: Evidence): Verdict {
  const tables = count(evidence);
  const odd = oddJobs(evidence, tables);
  const lost: number[] = [];
  let lostInWindow = 0;
  let [acknowledged, unanswered, handled] = [0, 0, 0];
  const strangers: number[] = [];
  for (let job = 0; job < evidence.jobs; job += 1) {
    if (tables.runs[job]! > 0) handled += 1;
    if (tables.sentAt[job] === 0 && tables.runs[job]! > 0) strangers.push(job);
    if (tables.acceptedAt[job] === 0) {
      if (tables.sentAt[job] !== 0) unanswered += 1;
      continue;
    }
    acknowledged += 1;
    if (tables.runs[job]! > 0) continue;
    if (excused(evidence, tables.acceptedAt[job]!)) lostInWindow += 1;
    else lost.push(job);
  }
  const duplicates: Partial<Record<Cause, number>> = {};
  const unexplained: number[] = [];
  for (const [job, { runs }] of odd) {
    for (const cause of explain(runs, { ...evidence, sentAt: tables.sentAt[job]!, acceptedAt: tables.acceptedAt[job]! })) {
      if (cause === undefined) unexplained.push(job);
      else duplicates[cause] = (duplicates[cause] ?? 0) + 1;
    }
  }
  const staleAcks = [...odd].filter(([, story]) => tookStale(story)).map(([job]) => job);
  const { orphanKeys } = evidence;
  const kept = [lost, staleAcks, orphanKeys, strangers, unexplained].every(({ length }) => length === 0);
  const mostRuns = tables.runs.reduce((most, runs) => Math.max(most, runs), 0);
  const sets = { lost, staleAcks, orphanKeys, strangers, unexplained };
  return { acknowledged, unanswered, handled, ...sets, lostInWindow, duplicates, mostRuns, kept };
}

/** An answer that Redis gave before it died may be written down a little later; no other server answers so soon. */
const LATE_REPLY_MS = 300;

function excused({ faults, lossWindowMs }: Evidence, acceptedAt: number): boolean {
  if (lossWindowMs === 0) return false;
  return faults.some(
    (fault) =>
      fault.kind === 'redis' &&
      acceptedAt >= forgottenSince(fault, lossWindowMs) &&
      acceptedAt <= Math.min(fault.toMs, fault.fromMs + LATE_REPLY_MS),
  );
}

function count({ jobs, histories }: Evidence): Tables {
  const tables = {
    sentAt: new Float64Array(jobs),
    acceptedAt: new Float64Array(jobs),
    runs: new Uint16Array(jobs),
    claims: new Uint16Array(jobs),
  };
  for (const history of histories) {
    for (const { type, job, atMs } of history.records()) {
      if (type === 'sent') tables.sentAt[job] = atMs;
      else if (type === 'accepted') tables.acceptedAt[job] = atMs;
      else if (type === 'ended') tables.runs[job]! += 1;
      else if (type === 'claimed') tables.claims[job]! += 1;
    }
  }
  return tables;
}

/** A claim or an accepted settlement of a job, in the time of Redis. */
interface Step {
  readonly holder: string;
  readonly settles: boolean;
  readonly atMs: number;
}

interface Story {
  readonly runs: Run[];
  readonly steps: Step[];
}

/** Everything about the jobs that ran or were claimed more than once: only they can have been doubled or settled by the wrong holder. */
function oddJobs({ histories }: Evidence, { runs, claims }: Tables): Map<number, Story> {
  const odd = new Map<number, Story>();
  for (const history of histories) {
    const { process } = history;
    for (const { type, job, holder, atMs } of history.records()) {
      if (job >= runs.length || (runs[job]! < 2 && claims[job]! < 2)) continue;
      if (type !== 'ended' && type !== 'claimed' && type !== 'settled') continue;
      const story = odd.get(job) ?? { runs: [], steps: [] };
      odd.set(job, story);
      if (type === 'ended') story.runs.push({ process, atMs });
      else story.steps.push({ holder: `${process}/${holder}`, settles: type === 'settled', atMs });
    }
  }
  return odd;
}

/** True when a settlement was taken from one holder although another had claimed the job since. */
function tookStale({ steps }: Story): boolean {
  return steps.some(({ settles, holder, atMs }) => {
    if (!settles) return false;
    const claims = steps.filter((step) => !step.settles && step.atMs <= atMs);
    const own = Math.max(...claims.filter((claim) => claim.holder === holder).map((claim) => claim.atMs), 0);
    return claims.some((claim) => claim.holder !== holder && claim.atMs > own && claim.atMs < atMs);
  });
}

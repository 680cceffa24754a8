/** Something that was done to a run. */
export interface Fault {
  /** `kill` and `stop` of a worker, `cut` of connections, `redis`: the server was killed, or a replica took its place. */
  readonly kind: 'kill' | 'stop' | 'cut' | 'redis';
  /** The process it was done to; undefined when to all. */
  readonly process?: string | undefined;
  readonly fromMs: number;
  /** When it was over: for a stop, when the process went on; for `redis`, when it answered again. */
  readonly toMs: number;
  /** For `redis`, where it is known: what was accepted before was safe. */
  readonly forgetsFromMs?: number | undefined;
}

/** From when on a crash of Redis may have forgotten what it accepted; that it was accepted before the crash is for the caller to ask. */
export function forgottenSince({ fromMs, forgetsFromMs }: Fault, lossWindowMs: number): number {
  if (lossWindowMs === 0) return fromMs;
  return forgetsFromMs ?? fromMs - lossWindowMs;
}

/** A handler that came to its end. */
export interface Run {
  readonly process: string;
  readonly atMs: number;
}

/** Why a job may have run again. */
export type Cause = 'worker killed' | 'lease expired' | 'enqueue repeated' | 'Redis restarted';

interface Circumstances {
  readonly faults: readonly Fault[];
  readonly leaseMs: number;
  readonly lossWindowMs: number;
  readonly sentAt: number;
  readonly acceptedAt: number;
}

/** A settlement goes out in the turn in which the handler ends, and waits for one answer at most; this is for a machine under load. */
const SETTLE_MS = 3000;

/**
 * One cause for each run beyond the first, in the order of time; undefined where there is none. A cause must lie where it can have
 * worked: between the end of a run and the moment by which its settlement was surely made.
 */
export function explain(runs: readonly Run[], circumstances: Circumstances): (Cause | undefined)[] {
  const ordered = runs.toSorted((a, b) => a.atMs - b.atMs);
  return ordered.slice(1).map((again, at) => causeOf(ordered[at]!, again, circumstances));
}

function causeOf(run: Run, again: Run, { faults, leaseMs, lossWindowMs, sentAt, acceptedAt }: Circumstances): Cause | undefined {
  const during = (fault: Fault, from: number, to: number) => fault.fromMs <= to && fault.toMs >= from;
  const redis = faults.filter(({ kind }) => kind === 'redis');
  // Redis forgot the last settlements.
  if (redis.some((fault) => run.atMs >= forgottenSince(fault, lossWindowMs) && run.atMs <= fault.fromMs)) return 'Redis restarted';
  // Its process died between the end of the handler and the settlement.
  const killed = faults.filter(({ kind, process }) => kind === 'kill' && process === run.process);
  if (killed.some((fault) => during(fault, run.atMs, run.atMs + SETTLE_MS))) return 'worker killed';
  // A process stood still past the lease, so that the job was given away while its handler ran or before it was settled.
  const stopped = faults.filter(({ kind, process }) => kind === 'stop' && (process === run.process || process === again.process));
  if (stopped.some((fault) => fault.toMs - fault.fromMs >= leaseMs && during(fault, sentAt, again.atMs))) return 'lease expired';
  // Redis was away for longer than the lease, so that others took the job before its holder was back.
  if (redis.some((fault) => during(fault, run.atMs - SETTLE_MS, again.atMs))) return 'Redis restarted';
  // The answer to enqueue was lost, the job was done meanwhile, and the repetition found no job of that id.
  const doubtful = faults.filter(({ kind }) => kind === 'cut' || kind === 'redis');
  if (doubtful.some((fault) => during(fault, sentAt, acceptedAt === 0 ? again.atMs : acceptedAt))) return 'enqueue repeated';
  return undefined;
}

import { verdict, wilson, type Slo } from '@nines/slo';
import { availability, latency } from '../../src/objectives.ts';

/** One request of a load, from the moment at which it was due. */
export interface Sample {
  /** Until the answer was there; what it waited for its turn counts, too. */
  readonly ms: number;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
}

export interface Judged {
  readonly name: string;
  readonly objective: string;
  readonly total: number;
  readonly bad: number;
  /** `kept` and `broken` with 95 % confidence; `undecided`: too few samples to say. */
  readonly verdict: 'kept' | 'broken' | 'undecided';
  /** Samples, all good, that would make it `kept`. */
  readonly samplesNeeded: number;
  /** Between which ratios the true share of bad events lies, 95 %. */
  readonly interval: readonly [lower: number, upper: number];
}

export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  /** What was asked for, and what was answered each second. */
  readonly rate: number;
  readonly answeredPerSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>>;
  readonly objectives: readonly Judged[];
  /** The worst of the objectives. */
  readonly verdict: Judged['verdict'];
}

/** The threshold of the latency objective, in milliseconds. */
const SLOW_MS = latency.sli?.type === 'latency' ? Number(latency.sli.threshold) * 1000 : Number.NaN;

/** What the samples say about the two objectives that a client can see: those of the api. */
export function report(samples: readonly Sample[], rate: number, seconds: number): LoadReport {
  const sorted = samples.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const statuses: Record<string, number> = {};
  for (const { status } of samples) statuses[status ?? 'none'] = (statuses[status ?? 'none'] ?? 0) + 1;
  // No answer is no promise kept, whatever the server counted.
  const refused = samples.filter(({ status }) => status === undefined || status >= 500).length;
  const slow = samples.filter(({ ms, status }) => status === undefined || ms > SLOW_MS).length;
  const objectives = [judge(availability, samples.length, refused), judge(latency, samples.length, slow)];
  const worst = (['broken', 'undecided', 'kept'] as const).find((one) => objectives.some((judged) => judged.verdict === one));
  return {
    requests: samples.length,
    seconds: round(seconds),
    rate,
    answeredPerSecond: round(samples.filter(({ status }) => status !== undefined).length / seconds),
    statuses,
    latencyMs: { p50: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: at(sorted, 1) },
    objectives,
    verdict: worst ?? 'undecided',
  };
}

function judge(slo: Slo, total: number, bad: number): Judged {
  const { outcome, samplesNeeded } = verdict(slo, { total, bad });
  const { lower, upper } = total === 0 ? { lower: 0, upper: 1 } : wilson({ total, bad });
  const words = { pass: 'kept', fail: 'broken', inconclusive: 'undecided' } as const;
  return { name: slo.name, objective: slo.objective, total, bad, verdict: words[outcome], samplesNeeded, interval: [lower, upper] };
}

/** The smallest value that at least this share of the values does not exceed (nearest rank). */
function at(sorted: readonly number[], share: number): number {
  return round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

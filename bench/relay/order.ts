/** What a generator is to do. */
export interface Order {
  /** `saturate` sends as soon as a connection is free; `pace` sends at a rate, whatever the answers do. */
  readonly mode: 'saturate' | 'pace';
  readonly url: string;
  readonly perSecond: number;
  readonly connections: number;
  /** Time that only warms up. */
  readonly warmMs: number;
  readonly measureMs: number;
  /** Whether every accepted event is waited for at the generator's own receiver. */
  readonly delivered: boolean;
}

/** What a generator saw. */
export interface Report {
  /** Events that were accepted, those of the warm-up too. */
  readonly accepted: number;
  /** Answers other than 202, and connections that broke. */
  readonly errors: number;
  /** Accepted events of the measured time, by the second. */
  readonly perSecond: number;
  /** From when a request was due to its answer. */
  readonly answer: Percentiles;
  /** From when a request was due to its event at the receiver. */
  readonly delivery: Percentiles | undefined;
  /** Events that came again. */
  readonly repeated: number;
  /** Processor time of the generator in the measured time, in cores. */
  readonly cores: number;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function percentiles(valuesMs: readonly number[]): Percentiles {
  const sorted = Float64Array.from(valuesMs).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** From the generator to who started it. */
export type FromGenerator = { readonly receiver: string } | { readonly phase: 'measure' | 'end' } | { readonly report: Report };

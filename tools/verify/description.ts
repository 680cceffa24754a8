/** A running demo, for programs: what `--describe FILE` writes. */
export interface Description {
  readonly apiUrl: string;
  readonly receiverUrl: string;
  readonly processes: readonly DescribedProcess[];
}

export interface DescribedProcess {
  readonly name: string;
  readonly pid: number;
  /** Where `/readyz` and `/metrics` answer; the receiver has none. */
  readonly probesUrl?: string;
  /** All that the process writes, as it writes it. */
  readonly log: string;
}

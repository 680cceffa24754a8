/** How often and how much is measured. */
export interface BenchOptions {
  readonly runs: number;
  /** A small part of the work, to see that everything runs. */
  readonly quick: boolean;
  /** Only what has this in its name. */
  readonly only: string | undefined;
  /** Told of each step. */
  readonly progress: (line: string) => void;
}

/** What was measured, for people and for programs. */
export interface Measured {
  readonly tables: readonly string[];
  readonly json: object;
}

/** One bench: `npm run bench -- NAME`. */
export interface Bench {
  /** A line for the help. */
  readonly about: string;
  readonly measure: (options: BenchOptions) => Promise<Measured>;
}

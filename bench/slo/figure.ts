/** One figure with its goal. */
export interface SloFigure {
  readonly what: string;
  readonly unit: string;
  readonly goal: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Whether the median reaches the goal. */
  readonly reached: boolean;
}

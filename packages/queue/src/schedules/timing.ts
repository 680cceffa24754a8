/** When a schedule ticks; all in ms since 1970. */
export interface Timing {
  /** The first tick after a moment; undefined when there is none. */
  next(afterMs: number): number | undefined;
  /** The latest ticks of a span, both ends included, at most `max` of them; earliest first. */
  latest(fromMs: number, untilMs: number, max: number): readonly number[];
}

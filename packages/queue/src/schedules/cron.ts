import { Cron } from 'croner';
import type { Timing } from './timing.ts';

/**
 * Ticks by a cron expression in a time zone. Where clocks go forward, a fixed time (no wildcard and no step in hours, minutes and seconds) that
 * does not exist ticks when the gap ends, other times in the gap do not tick; where they go back, a fixed time ticks once, at its first
 * occurrence, and what has a wildcard or a step goes on through both.
 *
 * @throws {TypeError} that says what croner does not like about the expression.
 */
export function cronTiming(cron: string, timeZone: string): Timing {
  const expression = new Cron(cron, { timezone: timeZone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  return {
    next: (afterMs) => expression.nextRun(new Date(afterMs))?.getTime(),
    latest(fromMs, untilMs, max) {
      const ticks: number[] = [];
      // What is asked for lies before the moment that is given, so that one belongs to it.
      let before = untilMs + 1;
      while (ticks.length < max) {
        const tick = expression.previousRuns(1, new Date(before))[0]?.getTime();
        if (tick === undefined || tick < fromMs) break;
        ticks.push(tick);
        before = tick;
      }
      return ticks.toReversed();
    },
  };
}

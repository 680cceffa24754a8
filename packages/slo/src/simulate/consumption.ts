import type { Slo } from '../objective.ts';
import type { EventHistory } from './history.ts';

/**
 * Bad events that the objective allows in one window at the traffic of this history. A history shorter than the window is taken
 * to go on as it was.
 */
export function allowedBad(slo: Slo, { total, stepSeconds }: EventHistory): number {
  const readings = Math.min(total.length, Math.round(slo.window.seconds / stepSeconds) + 1);
  const events = (total.at(-1) ?? 0) - (total[total.length - readings] ?? 0);
  return readings < 2 ? 0 : (events * slo.budget * slo.window.seconds) / ((readings - 1) * stepSeconds);
}

/** A counter at a time, which may lie outside of the history or between two readings. */
export function countAt({ startSeconds, stepSeconds }: EventHistory, counter: Float64Array, seconds: number): number {
  const place = Math.min(Math.max((seconds - startSeconds) / stepSeconds, 0), counter.length - 1);
  const before = Math.floor(place);
  const from = counter[before] ?? 0;
  return from + ((counter[before + 1] ?? from) - from) * (place - before);
}

/** The share of the budget spent between two times. */
export function spentBetween(history: EventHistory, allowed: number, fromSeconds: number, toSeconds: number): number {
  if (allowed === 0) return 0;
  return (countAt(history, history.bad, toSeconds) - countAt(history, history.bad, fromSeconds)) / allowed;
}

/** The share of the budget that is left at a time, looking back one window. */
export function remainingAt(slo: Slo, history: EventHistory, allowed: number, seconds: number): number {
  return 1 - spentBetween(history, allowed, seconds - slo.window.seconds, seconds);
}

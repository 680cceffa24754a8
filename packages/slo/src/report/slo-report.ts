import { errorBudget, type ErrorBudget } from '../budget.ts';
import { burnRate, timeToExhaustion } from '../burn.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { checkOptions } from '../options.ts';
import { windowAt } from '../period.ts';
import { readSamples, type Samples } from '../samples.ts';
import { show } from '../show.ts';
import { moment } from './moment.ts';

/** What `sloReport` takes. */
export interface SloReportOptions {
  /** Until when the events are counted, in milliseconds since 1970. Nothing here reads a clock. */
  readonly atMs: number;
  /** The events of the window that `atMs` lies in. */
  readonly events: Samples;
  /** The events of a shorter time before `atMs`, an hour for example: the burn rate is theirs. Default: the window's. */
  readonly recent?: Samples;
  /** Fewer events say nothing: the state is then `no-data`. Default 1. */
  readonly minimumEvents?: number;
}

/** How one objective stands: plain frozen data, the same for the same arguments. */
export interface SloReport {
  readonly kind: 'slo-report';
  readonly service: string;
  readonly name: string;
  /** The objective as text, for example `99.9%`. */
  readonly objective: string;
  /** The window's nominal length, for example `30d`. */
  readonly window: string;
  /** The window's first instant and until when it is counted, ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly events: { readonly total: number; readonly bad: number };
  /** The share of good events; null without any event. */
  readonly sli: number | null;
  readonly state: 'met' | 'missed' | 'no-data';
  readonly budget: ErrorBudget;
  /** How many times faster than allowed the budget goes, by the recent events. */
  readonly burnRate: number;
  /** How long the rest lasts at this burn rate; null when nothing burns. */
  readonly exhaustionSeconds: number | null;
}

/**
 * How an objective stands at one moment, from the events of its window.
 *
 * @returns a frozen report, for `toMarkdown`, `toJson` and `decide`
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 * import { sloReport } from '@nines/slo/report';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * const report = sloReport(slo, { atMs: Date.UTC(2026, 0, 31), events: { total: 1_000_000, bad: 400 } });
 * console.log(report.state, report.budget.remaining, report.from); // met 600 2026-01-01T00:00:00Z
 * ```
 */
export function sloReport(slo: Slo, options: SloReportOptions): SloReport {
  checkOptions('sloReport', options, ['atMs', 'events', 'recent', 'minimumEvents']);
  const events = readSamples(options.events);
  const to = moment('atMs', options.atMs);
  const minimum = options.minimumEvents ?? 1;
  if (!Number.isInteger(minimum) || minimum < 1) {
    throw new SloError('INVALID_OPTION', `minimumEvents must be a whole number from 1, got ${show(minimum)}`);
  }
  const budget = errorBudget(slo, events);
  const rate = burnRate(slo, options.recent === undefined ? events : readSamples(options.recent));
  const exhaustion = timeToExhaustion(slo, { burnRate: rate, remaining: Math.max(0, 1 - budget.consumed) });
  return Object.freeze({
    kind: 'slo-report',
    service: slo.service,
    name: slo.name,
    objective: slo.objective,
    window: slo.window.duration,
    from: moment('atMs', windowAt(slo.window, options.atMs).startMs),
    to,
    events: Object.freeze(events),
    sli: events.total === 0 ? null : (events.total - events.bad) / events.total,
    state: events.total < minimum ? 'no-data' : budget.consumed > 1 ? 'missed' : 'met',
    budget,
    burnRate: rate,
    exhaustionSeconds: Number.isFinite(exhaustion) ? exhaustion : null,
  });
}

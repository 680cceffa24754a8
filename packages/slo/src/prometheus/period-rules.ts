import { SloError, windowAt, type CalendarWindow, type Slo } from '@nines/slo';
import type { Counts } from './indicator.ts';
import { durationText, sloLabels } from './names.ts';
import { labelsText } from './promql.ts';
import type { RecordingRule } from './rule.ts';

/** Over how long events are counted for the budget, unless somebody says otherwise. */
export const defaultCountWindow = '5m';

/** Names of what is recorded, so that layout, alerts, dashboards and tests say the same. */
export const recorded = {
  /** Events of the last five minutes. */
  total: 'slo:events_total:increase5m',
  bad: 'slo:events_bad:increase5m',
  /** Samples of this evaluation, for gauges and time slices. */
  totalSample: 'slo:events_total:sample',
  badSample: 'slo:events_bad:sample',
  /** With the label slo_window. */
  errorRatio: 'slo:error_ratio',
  lowerBound: 'slo:error_ratio:lower_bound',
  count: 'slo:events_total:increase',
  objective: 'slo:objective:ratio',
  spent: 'slo:error_budget_spent:ratio',
  remaining: 'slo:error_budget_remaining:ratio',
  exhaustion: 'slo:time_to_exhaustion:seconds',
  /** With a calendar window: where it began, where the last whole block ended, and the counts of a block. */
  periodStart: 'slo:period_start:timestamp_seconds',
  blockStart: 'slo:block_start:timestamp_seconds',
  totalBlock: 'slo:events_total:increase',
  badBlock: 'slo:events_bad:increase',
} as const;

/** The names of what is counted over another length than five minutes. */
export function countNames(countWindow: string): { readonly bad: string; readonly total: string } {
  return { bad: `${recorded.badBlock}${countWindow}`, total: `${recorded.totalBlock}${countWindow}` };
}

/** What the rules of the period are made from: the names of what is recorded, and how events are counted over a window. */
export interface PeriodSource {
  readonly bad: string;
  readonly total: string;
  readonly over: (window: string) => Counts;
}

const mostBoundaries = 120;

/** The rules for the error ratio of the whole window, from sums of counts: a quiet hour adds nothing to either side. */
export function periodRules(slo: Slo, source: PeriodSource): RecordingRule[] {
  const { window } = slo;
  return window.type === 'rolling' ? [ratioOfPeriod(slo, rollingSums(slo, source))] : calendarRules(slo, window, source);
}

function rollingSums(slo: Slo, { bad, total }: PeriodSource): Counts {
  const sum = (name: string): string => `sum_over_time(${name}${own(slo)}[${slo.window.duration}])`;
  return { bad: sum(bad), total: sum(total) };
}

function ratioOfPeriod(slo: Slo, { bad, total }: Counts): RecordingRule {
  return { record: recorded.errorRatio, expr: `${bad} / (${total} > 0)`, labels: { ...sloLabels(slo), slo_window: slo.window.duration } };
}

/**
 * PromQL has no range that begins where a month does. So counts are recorded in blocks; a subquery over the longest such window takes the blocks
 * that end after its start, as it is known `@ end()` of the query, and a second one what came after the last whole block.
 */
function calendarRules(slo: Slo, window: CalendarWindow, source: PeriodSource): RecordingRule[] {
  const block = blockSeconds(window);
  const blockText = durationText(block);
  const longest = durationText((longestDays(window) + 1) * 86_400);
  const names = countNames(blockText);
  const since = (start: string): string => `and on() (vector(time()) > on() ${start}${own(slo)} @ end())`;
  const part = (name: string, start: string, range: string): string =>
    `(sum(sum_over_time((${name}${own(slo)} ${since(start)})[${range}])) or vector(0))`;
  const sum = (coarse: string, fine: string): string =>
    `(${part(coarse, recorded.periodStart, `${longest}:${blockText}`)} + ${part(fine, recorded.blockStart, `${blockText}:5m`)})`;
  const counts = source.over(blockText);
  const labels = sloLabels(slo);
  return [
    { record: recorded.periodStart, expr: periodStart(window), labels },
    { record: recorded.blockStart, expr: `vector(time() - time() % ${block})`, labels },
    { record: names.total, expr: counts.total, labels },
    { record: names.bad, expr: counts.bad, labels },
    ratioOfPeriod(slo, { bad: sum(names.bad, source.bad), total: sum(names.total, source.total) }),
  ];
}

function own(slo: Slo): string {
  return labelsText({ slo: slo.name, service: slo.service });
}

function longestDays({ unit, count }: CalendarWindow): number {
  return { day: 1, week: 7, month: 31, quarter: 92, year: 366 }[unit] * count;
}

/** Long enough for a subquery to be cheap, and a whole number of them in every window, whatever the time zone. */
function blockSeconds(window: CalendarWindow): number {
  const period = windowAt(window, Date.parse(`${window.startTime.replace(' ', 'T')}Z`) + 86_400_000);
  return [3_600, 1_800, 900].find((seconds) => (period.startMs / 1_000) % seconds === 0) ?? 300;
}

/**
 * The start of the window that holds `time()`. PromQL knows no time zones, so the starts are written down: the first one, and at each later one
 * the length of the window before it.
 */
function periodStart(window: CalendarWindow): string {
  const anchor = Date.parse(`${window.startTime.replace(' ', 'T')}Z`);
  const days = { day: 1, week: 7, month: 0, quarter: 0, year: 0 }[window.unit] * window.count;
  if (days > 0) {
    if (window.timeZone !== 'UTC') {
      throw new SloError(
        'INVALID_RULES',
        `rules for a calendar window of ${window.unit}s must be in UTC, got ${window.timeZone}: use months, quarters or years, or a rolling window`,
      );
    }
    const length = days * 86_400;
    return `vector(time() - (time() - ${anchor / 1_000}) % ${length})`;
  }
  let period = windowAt(window, anchor + 86_400_000);
  const terms = [`${period.startMs / 1_000}`];
  for (let index = 1; index < mostBoundaries; index += 1) {
    terms.push(`${period.seconds} * (time() >= bool ${period.endMs / 1_000})`);
    period = windowAt(window, period.endMs);
  }
  return `vector(${terms.join(' + ')})`;
}

import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { checkOptions, checkText } from '../options.ts';
import type { AlertPolicy, AlertSeverity } from '../policy.ts';
import { show } from '../show.ts';
import { allowedBad, countAt, remainingAt, spentBetween } from '../simulate/consumption.ts';
import { firingsOf, overCounters, type Firing } from '../simulate/evaluate.ts';
import type { EventHistory } from '../simulate/history.ts';
import { rulesOf } from '../simulate/rules.ts';
import { burnSvg } from './burn-svg.ts';
import { moment } from './moment.ts';

/** What somebody did or saw, and when. */
export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** One sentence, at most 500 characters. */
  readonly text: string;
}

/** What `incidentReport` takes. */
export interface IncidentOptions {
  /** What people call it, for example `2026-03-04 checkout down`. */
  readonly title: string;
  /** The counters around it, from `backtest` or `simulate`: as much before the incident as the longest alert window looks back. */
  readonly history: EventHistory;
  /** When it began, in milliseconds since 1970. */
  readonly startMs: number;
  /** When users were well again. */
  readonly endMs: number;
  /** When somebody knew. Default: the first alert of the objective's policy in that time. */
  readonly detectedMs?: number;
  /** What people did and saw. The alerts are added by themselves. At most 500. */
  readonly timeline?: readonly TimelineEntry[];
  /** Other policies by name: when would they have told? At most 20. */
  readonly policies?: Readonly<Record<string, AlertPolicy>>;
}

/** One line of an incident's timeline. */
export interface IncidentMoment {
  readonly at: string;
  /** `event` for what people did and saw. */
  readonly kind: 'start' | 'alert' | 'resolved' | 'event' | 'end';
  readonly text: string;
  /** The share of the window's error budget that was left at that moment; negative when overspent. */
  readonly budgetRemaining: number;
}

/** When a policy would have told about an incident. */
export interface PolicyOutcome {
  readonly policy: string;
  /** The first alert; null when none would have come. */
  readonly alert: string | null;
  readonly severity: AlertSeverity | null;
  readonly detectionSeconds: number | null;
  /** The share of the budget that the incident had spent by then. */
  readonly budgetSpentAtAlert: number | null;
  /** How many alerts would have come in all. */
  readonly alerts: number;
}

/** What an incident did to one objective: plain frozen data, the same for the same arguments. */
export interface IncidentReport {
  readonly kind: 'incident-report';
  readonly title: string;
  readonly service: string;
  readonly name: string;
  readonly objective: string;
  readonly window: string;
  readonly start: string;
  readonly end: string;
  /** When somebody knew; null when no alert fired and nothing else was given. */
  readonly detected: string | null;
  readonly durationSeconds: number;
  /** From the start until somebody knew (TTD). */
  readonly detectionSeconds: number | null;
  /** From the moment somebody knew until users were well again (TTR). */
  readonly resolutionSeconds: number | null;
  readonly events: { readonly total: number; readonly bad: number };
  /** The share of the window's error budget that it spent. */
  readonly budgetSpent: number;
  readonly budgetBefore: number;
  readonly budgetAfter: number;
  readonly timeline: readonly IncidentMoment[];
  readonly policies: readonly PolicyOutcome[];
  /** The error budget over time as an SVG picture. */
  readonly svg: string;
}

const mostEntries = 500;
const mostPolicies = 20;

/**
 * What one incident did to an objective: how long until somebody knew and until it was over, the budget at each moment, and when other
 * policies would have told.
 *
 * @returns a frozen report, for `toMarkdown` and `toJson`
 * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { incidentReport } from '@nines/slo/report';
 * import { outage, simulate } from '@nines/slo/simulate';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * const { history } = simulate(slo, { outages: [outage.step({ at: '10d', lasting: '40m', errorRatio: '20%' })], over: '11d' });
 * const [startMs, endMs] = [864_000_000, 866_400_000];
 * const report = incidentReport(slo, { title: 'Checkout fails', history, startMs, endMs });
 * console.log(report.detectionSeconds, report.timeline[1]?.text); // 300 page 1h fires
 * ```
 */
export function incidentReport(slo: Slo, options: IncidentOptions): IncidentReport {
  checkOptions('incidentReport', options, ['title', 'history', 'startMs', 'endMs', 'detectedMs', 'timeline', 'policies']);
  const title = checkText('title', options.title, 200);
  const { history, startMs, endMs } = options;
  checkTimes(options);
  const [start, end] = [startMs / 1_000, endMs / 1_000];
  const allowed = allowedBad(slo, history);
  const firings = slo.alerting === undefined ? [] : during(firingsBy(slo, history), start, end);
  const detected = options.detectedMs === undefined ? firings[0]?.firedSeconds : options.detectedMs / 1_000;
  const left = (at: number) => rounded(remainingAt(slo, history, allowed, at));
  const report = {
    kind: 'incident-report' as const,
    title,
    service: slo.service,
    name: slo.name,
    objective: slo.objective,
    window: slo.window.duration,
    start: moment('startMs', startMs),
    end: moment('endMs', endMs),
    detected: detected === undefined ? null : moment('detectedMs', detected * 1_000),
    durationSeconds: end - start,
    detectionSeconds: detected === undefined ? null : detected - start,
    resolutionSeconds: detected === undefined ? null : end - detected,
    events: countBetween(history, start, end),
    budgetSpent: rounded(spentBetween(history, allowed, start, end)),
    budgetBefore: left(start),
    budgetAfter: left(end),
    timeline: Object.freeze(
      timelineOf(options, firings)
        .map((one) => Object.freeze({ ...one, budgetRemaining: left(one.seconds) }))
        .map(publish),
    ),
    policies: Object.freeze(policiesOf(slo, options, allowed)),
  };
  const marks = firings.map(({ firedSeconds, severity }) => ({ seconds: firedSeconds, severity }));
  return Object.freeze({ ...report, svg: burnSvg({ slo, history, startSeconds: start, endSeconds: end, marks }) });
}

function checkTimes({ history, startMs, endMs, detectedMs, timeline = [], policies = {} }: IncidentOptions): void {
  moment('startMs', startMs);
  moment('endMs', endMs);
  if (detectedMs !== undefined) moment('detectedMs', detectedMs);
  if (!(history?.total instanceof Float64Array) || history.total.length < 2) {
    throw new SloError('INVALID_OPTION', `history must come from simulate or backtest and hold two readings or more, got ${show(history)}`);
  }
  const last = (history.startSeconds + (history.total.length - 1) * history.stepSeconds) * 1_000;
  if (startMs < history.startSeconds * 1_000 || endMs > last || endMs <= startMs) {
    const span = `${moment('start', history.startSeconds * 1_000)} to ${moment('end', last)}`;
    throw new SloError(
      'INVALID_OPTION',
      `startMs and endMs must follow each other within the history (${span}), got ${moment('startMs', startMs)} and ${moment('endMs', endMs)}`,
    );
  }
  if (timeline.length > mostEntries) throw new SloError('INVALID_OPTION', `timeline must have at most ${mostEntries} entries`);
  if (Object.keys(policies).length > mostPolicies) throw new SloError('INVALID_OPTION', `policies must be at most ${mostPolicies}`);
}

function firingsBy(slo: Slo, history: EventHistory): Firing[] {
  const readings = { readings: history.total.length, startSeconds: history.startSeconds, stepSeconds: history.stepSeconds };
  return firingsOf(rulesOf('incidentReport', slo), readings, overCounters(history));
}

function during(firings: readonly Firing[], start: number, end: number): Firing[] {
  return firings.filter(({ firedSeconds }) => firedSeconds >= start && firedSeconds <= end);
}

type Draft = Omit<IncidentMoment, 'at' | 'budgetRemaining'> & { readonly seconds: number };

function timelineOf({ startMs, endMs, timeline = [] }: IncidentOptions, firings: readonly Firing[]): Draft[] {
  const drafts: Draft[] = [{ seconds: startMs / 1_000, kind: 'start', text: 'the incident begins' }];
  for (const { alert, firedSeconds, resolvedSeconds } of firings) {
    drafts.push({ seconds: firedSeconds, kind: 'alert', text: `${alert} fires` });
    if (resolvedSeconds !== undefined) drafts.push({ seconds: resolvedSeconds, kind: 'resolved', text: `${alert} is silent again` });
  }
  for (const [index, { atMs, text }] of timeline.entries()) {
    moment(`timeline[${index}].atMs`, atMs);
    drafts.push({ seconds: atMs / 1_000, kind: 'event', text: checkText(`timeline[${index}].text`, text, 500) });
  }
  drafts.push({ seconds: endMs / 1_000, kind: 'end', text: 'users are well again' });
  return drafts
    .map((draft, index) => ({ draft, index }))
    .sort((a, b) => a.draft.seconds - b.draft.seconds || a.index - b.index)
    .map(({ draft }) => draft);
}

function publish({ seconds, kind, text, budgetRemaining }: Draft & { readonly budgetRemaining: number }): IncidentMoment {
  return Object.freeze({ at: moment('at', seconds * 1_000), kind, text, budgetRemaining });
}

function policiesOf(slo: Slo, { history, startMs, endMs, policies = {} }: IncidentOptions, allowed: number): PolicyOutcome[] {
  const tried = { ...(slo.alerting === undefined ? {} : { [slo.alerting.name]: slo.alerting }), ...policies };
  const [start, end] = [startMs / 1_000, endMs / 1_000];
  return Object.entries(tried).map(([policy, alerting]) => {
    const firings = during(firingsBy({ ...slo, alerting }, history), start, end);
    const [first] = firings;
    return Object.freeze({
      policy,
      alert: first?.alert ?? null,
      severity: first?.severity ?? null,
      detectionSeconds: first === undefined ? null : first.firedSeconds - start,
      budgetSpentAtAlert: first === undefined ? null : rounded(spentBetween(history, allowed, start, first.firedSeconds)),
      alerts: firings.length,
    });
  });
}

function countBetween(history: EventHistory, start: number, end: number): IncidentReport['events'] {
  const between = (counter: Float64Array) => rounded(countAt(history, counter, end) - countAt(history, counter, start), 3);
  return Object.freeze({ total: between(history.total), bad: between(history.bad) });
}

/** Sums of many steps carry a floating-point tail that says nothing. */
function rounded(value: number, digits = 6): number {
  return Number(value.toFixed(digits));
}

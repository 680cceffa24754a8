import { alertsOf, detectionTime, type Alert, type Slo } from '@nines/slo';
import { backtest } from '@nines/slo/backtest';
import { samples, type RecordedAlert } from '../prometheus/alerts.ts';
import type { RunningPrometheus } from '../prometheus/start.ts';
import type { Played } from './experiment.ts';
import type { Event } from './witness.ts';

/** How soon the expected alert fired, and how soon it had to. All in seconds from the moment of the fault. */
export interface Detection {
  /** `delivery page 1m`. */
  readonly alert: string;
  /** Prometheus's own: the first sample of `ALERTS`. Null when it did not fire. */
  readonly measuredSeconds: number | null;
  /** The objective's policy on what api, or workers, logged, at a tenth of a second: no Prometheus is asked. Null when it would not have fired. */
  readonly computedSeconds: number | null;
  /** When the first event failed. */
  readonly firstFailureSeconds: number | null;
  /** Of all events from the first failure until the alert. */
  readonly errorRatio: number;
  /** The formula, with this error ratio, after a whole long window in which all was well: on this clock, and on the true one. */
  readonly formulaSeconds: number | null;
  readonly trueClockSeconds: number | null;
  /** What lies between what happens and what Prometheus can know, measured around the alert. */
  readonly evaluationSeconds: number;
  /** The longest distance between two, and the longest that one took. */
  readonly scrapeSeconds: number;
  /** Whether the series of the failures began with them. The first scrape of a new one only shows where it begins: what it holds by then is never counted. */
  readonly newSeries: boolean;
  /** The latest that is right: computed, without what no series can show, + one scrape + one evaluation. */
  readonly latestSeconds: number | null;
  /** Whether it is not later than that, and not earlier than computed − one evaluation. */
  readonly inTime: boolean;
}

export async function detectionOf(
  slo: Slo,
  { times, witness }: Played,
  alerts: readonly RecordedAlert[],
  prometheus: RunningPrometheus,
  factor: number,
): Promise<Detection> {
  const [quickest] = alertsOf(slo);
  if (quickest === undefined) throw new Error(`${slo.name} has no alert`);
  const { faultMs } = times;
  const after = (atMs: number | undefined) => (atMs === undefined ? null : (atMs - faultMs) / 1000);
  const events = slo.name === 'availability' ? witness.answers : witness.attempts;
  const fired = alerts.find(({ slo: name, tier, firedAtMs }) => name === slo.name && tier === quickest.tier && firedAtMs >= faultMs);
  const firstFailure = earliest(events.filter(({ bad, atMs }) => bad && atMs >= faultMs));
  const errorRatio = ratioOf(events, firstFailure ?? faultMs, fired?.firedAtMs ?? times.mendedMs);
  const formula =
    errorRatio === 0 ? Infinity : detectionTime(slo, { errorRatio, factor: quickest.factor, longWindow: quickest.longWindow });
  const lag = await lagOf(slo, prometheus, { times, firstFailure, firedMs: fired?.firedAtMs });
  const computedSeconds = after(backtested(slo, quickest, events, times));
  const measuredSeconds = after(fired?.firedAtMs);
  const shown = lag.newSeries ? withoutUnseen(events, faultMs, lag.scrapeSeconds * 1000) : events;
  const shownSeconds = after(backtested(slo, quickest, shown, times));
  const latestSeconds = shownSeconds === null ? null : shownSeconds + lag.evaluationSeconds + lag.scrapeSeconds;
  return {
    alert: `${slo.name} ${quickest.severity} ${quickest.longWindow}`,
    measuredSeconds,
    computedSeconds,
    firstFailureSeconds: after(firstFailure),
    errorRatio,
    formulaSeconds: Number.isFinite(formula) ? formula : null,
    trueClockSeconds: Number.isFinite(formula) ? formula * factor : null,
    ...lag,
    latestSeconds,
    inTime:
      measuredSeconds !== null &&
      computedSeconds !== null &&
      latestSeconds !== null &&
      measuredSeconds >= computedSeconds - lag.evaluationSeconds &&
      measuredSeconds <= latestSeconds,
  };
}

function earliest(events: readonly Event[]): number | undefined {
  return events.length === 0 ? undefined : Math.min(...events.map(({ atMs }) => atMs));
}

function ratioOf(events: readonly Event[], fromMs: number, toMs: number): number {
  const during = events.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  return during.length === 0 ? 0 : during.filter(({ bad }) => bad).length / during.length;
}

/** The events as new series show them at worst: each process's failures until its next scrape are where its series begins. */
function withoutUnseen(events: readonly Event[], faultMs: number, scrapeMs: number): readonly Event[] {
  const firsts = new Map<number, number>();
  for (const { pid, bad, atMs } of events) if (bad && atMs >= faultMs) firsts.set(pid, Math.min(firsts.get(pid) ?? Infinity, atMs));
  return events.filter(({ pid, bad, atMs }) => !bad || atMs < faultMs || atMs > (firsts.get(pid) ?? 0) + scrapeMs);
}

const GRID_MS = 100;

/** When the policy fires on these events, counted every tenth of a second from the moment at which Prometheus began to look. */
function backtested(slo: Slo, { severity, longWindow }: Alert, events: readonly Event[], times: Played['times']): number | undefined {
  const counter = (of: (event: Event) => boolean) => {
    const moments = events.filter(of).map(({ atMs }) => atMs);
    moments.sort((a, b) => a - b);
    let count = 0;
    const values = Array.from({ length: Math.floor((times.endMs - times.steadyMs) / GRID_MS) + 1 }, (_, index) => {
      const atMs = times.steadyMs + index * GRID_MS;
      while (count < moments.length && (moments[count] ?? 0) <= atMs) count += 1;
      return [atMs / 1000, String(count)];
    });
    return [{ metric: {}, values }];
  };
  const { firings } = backtest(slo, { total: counter(() => true), bad: counter(({ bad }) => bad) });
  const first = firings.find(({ alert, firedSeconds }) => alert === `${severity} ${longWindow}` && firedSeconds * 1000 >= times.faultMs);
  return first === undefined ? undefined : first.firedSeconds * 1000;
}

interface Around {
  readonly times: Played['times'];
  readonly firstFailure: number | undefined;
  readonly firedMs: number | undefined;
}

/** How often Prometheus really scraped and evaluated between the fault and the alert: a busy machine may skip one. */
async function lagOf(
  slo: Slo,
  { url, scrapeMs, evaluateMs }: RunningPrometheus,
  { times, firstFailure, firedMs }: Around,
): Promise<Pick<Detection, 'evaluationSeconds' | 'scrapeSeconds' | 'newSeries'>> {
  const toMs = (firedMs ?? times.mendedMs) + 2 * evaluateMs;
  const range = `[${Math.ceil((toMs - times.faultMs) / 1000) + 3}s]`;
  const gap = async (query: string, leastMs: number) => {
    const series = await samples(url, `${query}${range}`, toMs);
    const gaps = series.flatMap(({ values }) => values.slice(1).map(([seconds], index) => seconds - (values[index]?.[0] ?? seconds)));
    return Math.max(leastMs / 1000, ...gaps);
  };
  const process = `{process="${slo.service}"}`;
  // What is scraped counts once the scrape has ended.
  const durations = (await samples(url, `scrape_duration_seconds${process}${range}`, toMs)).flatMap(({ values }) =>
    values.map(([, value]) => Number(value)),
  );
  const bad = slo.sli?.type === 'ratio' ? await samples(url, `${slo.sli.bad}${range}`, toMs) : [];
  const known = bad.length > 0 && bad.every(({ values }) => (values[0]?.[0] ?? Infinity) * 1000 < (firstFailure ?? 0));
  return {
    evaluationSeconds: await gap(`slo:objective:ratio{slo="${slo.name}"}`, evaluateMs),
    scrapeSeconds: (await gap(`up${process}`, scrapeMs)) + Math.max(0, ...durations),
    newSeries: !known,
  };
}

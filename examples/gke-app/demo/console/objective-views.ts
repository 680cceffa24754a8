import { alertsOf, burnRate, errorBudget, type Slo } from '@nines/slo';
import type { PrometheusAnswer, Series } from './prometheus-source.ts';
import type { ObjectiveView } from './protocol.ts';
import type { Tally } from './tally.ts';

/** How every objective stands by the rules that Prometheus evaluates. */
export function viewsOfPrometheus(objectives: readonly Slo[], { errorRatios, remaining }: PrometheusAnswer): ObjectiveView[] {
  return objectives.map((slo) => {
    const [quickest] = alertsOf(slo);
    const [short, long] = [quickest?.shortWindow ?? '5m', quickest?.longWindow ?? '1h'];
    const burnOver = (window: string) => {
      const ratio = errorRatios.find((series) => isOf(series, slo) && seconds(series.labels['slo_window']) === seconds(window))?.value;
      return ratio === undefined || !Number.isFinite(ratio) ? undefined : burnRate(slo, { errorRatio: Math.min(1, Math.max(0, ratio)) });
    };
    return {
      ...described(slo),
      window: slo.window.duration,
      remaining: finite(remaining.find((series) => isOf(series, slo))?.value),
      burn: burnOver(short),
      burnWindow: short,
      burnLong: burnOver(long),
      burnLongWindow: long,
    };
  });
}

/** The same without Prometheus: what was counted since the processes started, and in the last minute. */
export function viewsOfCounters(objectives: readonly Slo[], sinceStart: Tally, lastMinute: Tally): ObjectiveView[] {
  return objectives.map((slo) => {
    const [all, minute] = [eventsIn(sinceStart, slo), eventsIn(lastMinute, slo)];
    return {
      ...described(slo),
      window: 'since start',
      remaining: all === undefined ? undefined : 1 - errorBudget(slo, all).consumed,
      burn: minute === undefined ? undefined : burnRate(slo, minute),
      burnWindow: '1m',
    };
  });
}

function described(slo: Slo): Pick<ObjectiveView, 'name' | 'service' | 'objective' | 'description' | 'pageFactor'> {
  const { name, service, objective, description = '' } = slo;
  return { name, service, objective, description, pageFactor: alertsOf(slo).find(({ severity }) => severity === 'page')?.factor };
}

function eventsIn(tally: Tally, { name }: Slo): { readonly bad: number; readonly total: number } | undefined {
  const total = tally.get(`total ${name}`) ?? 0;
  // A scrape reads the parts of an answer at slightly different times.
  return total === 0 ? undefined : { total, bad: Math.min(total, tally.get(`bad ${name}`) ?? 0) };
}

function isOf({ labels }: Series, { name, service }: Slo): boolean {
  return labels['slo'] === name && labels['service'] === service;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `1h` and `60m` are one window, however it was written. */
function seconds(duration: string | undefined): number {
  return [...(duration ?? '').matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}

function finite(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}

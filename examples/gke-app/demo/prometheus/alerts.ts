import { setTimeout as pause } from 'node:timers/promises';

/** One time that an alert of an objective fired, as Prometheus recorded it. */
export interface RecordedAlert {
  /** `DeliveryBudgetBurn`. */
  readonly name: string;
  /** Empty for an alert that belongs to no objective. */
  readonly slo: string;
  readonly service: string;
  readonly severity: string;
  readonly longWindow: string;
  /** 1 is the quickest of its objective. */
  readonly tier: number;
  /** The evaluation at which it began to fire. */
  readonly firedAtMs: number;
  /** The last evaluation at which it fired, as far as the record goes. */
  readonly lastAtMs: number;
}

/** `delivery page 1m`, or `BreakerOpen ticket`: what people call it. */
export function nameOf({ name, slo, severity, longWindow }: Pick<RecordedAlert, 'name' | 'slo' | 'severity' | 'longWindow'>): string {
  return slo === '' ? `${name} ${severity}` : `${slo} ${severity} ${longWindow}`;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** Asks a Prometheus one question; the answer is the raw samples of each series. */
export async function samples(url: string, query: string, atMs: number): Promise<readonly Series[]> {
  const body = new URLSearchParams({ query, time: String(atMs / 1000) });
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body, signal: AbortSignal.timeout(10_000) });
  const answer = (await response.json()) as { status: string; error?: string; data: { result: Series[] } };
  if (answer.status !== 'success') throw new Error(`Prometheus refused ${query}: ${answer.error}`);
  return answer.data.result;
}

/** The values that a query returns now. */
export async function values(url: string, query: string): Promise<number[]> {
  const answer = (await (await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) })).json()) as {
    data: { result: readonly { readonly value: readonly [number, string] }[] };
  };
  return answer.data.result.map(({ value: [, text] }) => Number(text));
}

/** Every alert that fired between two moments, from the series `ALERTS` that Prometheus writes at each evaluation; in order of time. */
export async function recordedAlerts(url: string, fromMs: number, toMs: number, evaluateMs: number): Promise<RecordedAlert[]> {
  const seconds = Math.max(1, Math.ceil((toMs - fromMs) / 1000));
  const series = await samples(url, `ALERTS{alertstate="firing"}[${seconds}s]`, toMs);
  return series.flatMap((one) => runs(one, evaluateMs)).sort((a, b) => a.firedAtMs - b.firedAtMs || a.tier - b.tier);
}

/** One series may fire, be silent and fire again: a hole of more than two evaluations ends a run. */
function runs({ metric, values }: Series, evaluateMs: number): RecordedAlert[] {
  const found: { firedAtMs: number; lastAtMs: number }[] = [];
  for (const [seconds] of values) {
    const atMs = Math.round(seconds * 1000);
    const last = found.at(-1);
    if (last !== undefined && atMs - last.lastAtMs <= 2.5 * evaluateMs) last.lastAtMs = atMs;
    else found.push({ firedAtMs: atMs, lastAtMs: atMs });
  }
  const { alertname: name = '', slo = '', service = '', severity = '', long_window: longWindow = '', slo_tier: tier = '0' } = metric;
  return found.map((run) => ({ name, slo, service, severity, longWindow, tier: Number(tier), ...run }));
}

/** Tells of each alert that begins or ends to fire, until it is stopped. A Prometheus that does not answer is asked again. */
export function watchAlerts(url: string, tell: (line: string) => void): () => void {
  const stopped = new AbortController();
  let firing = new Set<string>();
  const look = async () => {
    const now = new Set(
      (await samples(url, 'ALERTS{alertstate="firing"}[2s]', Date.now())).map(({ metric }) =>
        nameOf({
          name: metric['alertname'] ?? '',
          slo: metric['slo'] ?? '',
          severity: metric['severity'] ?? '',
          longWindow: metric['long_window'] ?? '',
        }),
      ),
    );
    for (const name of now) if (!firing.has(name)) tell(`ALERT      ${name} fires`);
    for (const name of firing) if (!now.has(name)) tell(`resolved   ${name} is silent again`);
    firing = now;
  };
  const loop = async () => {
    while (!stopped.signal.aborted) {
      await look().catch(() => {});
      await pause(1000, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  void loop();
  return () => stopped.abort();
}

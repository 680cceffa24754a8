import type { AlertView } from './protocol.ts';

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus knows: the recorded ratios of every objective, what is left of its budget, and which alerts are on. */
export interface PrometheusAnswer {
  readonly errorRatios: readonly Series[];
  readonly remaining: readonly Series[];
  readonly alerts: readonly AlertView[];
}

const TIMEOUT_MS = 1500;

/** @throws Error when Prometheus does not answer, or something else does. */
export async function askPrometheus(url: string): Promise<PrometheusAnswer> {
  const [errorRatios, remaining, alerts] = await Promise.all([
    query(url, 'slo:error_ratio'),
    query(url, 'slo:error_budget_remaining:ratio'),
    firing(url),
  ]);
  return { errorRatios, remaining, alerts };
}

async function query(url: string, expression: string): Promise<Series[]> {
  const { result } = (await get(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
  };
  return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

interface PrometheusAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
  readonly activeAt: string;
}

async function firing(url: string): Promise<AlertView[]> {
  const { alerts } = (await get(`${url}/api/v1/alerts`)) as { readonly alerts: readonly PrometheusAlert[] };
  return alerts.slice(0, 50).map(({ labels, annotations, state, activeAt }) => ({
    name: labels['alertname'] ?? 'alert',
    severity: labels['severity'] ?? '',
    tier: labels['slo_tier'] ?? '',
    summary: (annotations['summary'] ?? '').slice(0, 300),
    state: state === 'firing' ? 'firing' : 'pending',
    sinceMs: Date.parse(activeAt),
  }));
}

async function get(address: string): Promise<unknown> {
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { status, data } = (await response.json()) as { readonly status?: unknown; readonly data?: unknown };
  if (status !== 'success') throw new Error(`Prometheus answered ${response.status}`);
  return data;
}

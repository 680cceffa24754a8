import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CannotVerify, type Service } from './target.ts';
import type { CountSeries, FindTrace, FoundSpan } from './signals.ts';

const ANSWER_MS = 10_000;

type Headers = () => Promise<Readonly<Record<string, string>>>;
const nobody: Headers = async () => ({});

/** The JSON of an answer; undefined for 404, which is what all of these say of a trace that is not there. */
async function get(url: string, headers: Headers): Promise<unknown> {
  const response = await fetch(url, { headers: await headers(), signal: AbortSignal.timeout(ANSWER_MS) }).catch((error: Error) => {
    throw new Error(`${new URL(url).origin} does not answer`, { cause: error.cause ?? error });
  });
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${new URL(url).origin} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

interface JaegerTraces {
  readonly data: readonly {
    readonly spans: readonly { readonly operationName: string; readonly processID: string }[];
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
  }[];
}

/** What has the query API of Jaeger: Jaeger itself, and the demo's own store. */
export function jaegerTraces(url: string): FindTrace {
  return async (traceId) => {
    const answer = (await get(`${trimmed(url)}/api/traces/${traceId}`, nobody)) as JaegerTraces | undefined;
    return (answer?.data ?? []).flatMap(({ spans, processes }) =>
      spans.map(({ operationName, processID }): FoundSpan => ({ name: operationName, service: processes[processID]?.serviceName })),
    );
  };
}

/** Cloud Trace, which does not say in one way whose a span is. */
export function cloudTraces(project: string, origin = 'https://cloudtrace.googleapis.com'): FindTrace {
  return async (traceId) => {
    const url = `${origin}/v1/projects/${project}/traces/${traceId}`;
    const answer = (await get(url, googleToken)) as { readonly spans?: readonly { readonly name: string }[] } | undefined;
    return (answer?.spans ?? []).map(({ name }) => ({ name, service: undefined }));
  };
}

/** What each service counts of an event that goes through it. */
const COUNTERS: Readonly<Record<Service, readonly [metric: string, matchers: string]>> = {
  api: ['http_server_request_duration_seconds_count', 'http_route="/process"'],
  worker: ['nines_queue_attempts_total', 'queue="deliveries",outcome="completed"'],
};

/** A Prometheus; its bearer token comes from PROMETHEUS_TOKEN, if there is one. */
export function prometheusSeries(url: string): CountSeries {
  const token = process.env['PROMETHEUS_TOKEN'] ?? '';
  return seriesOf(url, '', async () => (token === '' ? {} : { authorization: `Bearer ${token}` }));
}

/** Managed Prometheus, which has the metrics of all namespaces of a project. */
export function managedSeries(project: string, namespace: string, origin = 'https://monitoring.googleapis.com'): CountSeries {
  const url = `${origin}/v1/projects/${project}/location/global/prometheus`;
  return seriesOf(url, `,namespace="${namespace}"`, googleToken);
}

interface Vector {
  readonly data: { readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[] };
}

function seriesOf(url: string, andMatchers: string, headers: Headers): CountSeries {
  return async (service) => {
    const [metric, matchers] = COUNTERS[service];
    const query = encodeURIComponent(`${metric}{${matchers}${andMatchers}}`);
    const answer = (await get(`${trimmed(url)}/api/v1/query?query=${query}`, headers)) as Vector | undefined;
    if (answer === undefined) throw new Error(`${url} has no /api/v1/query: it is not a Prometheus`);
    return new Map(answer.data.result.map(({ metric: labels, value }) => [JSON.stringify(labels), Number(value[1])]));
  };
}

const trimmed = (url: string) => url.replace(/\/+$/, '');

/** Asked again each time: a token lives for an hour, and gcloud keeps it. */
async function googleToken(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await promisify(execFile)('gcloud', ['auth', 'print-access-token'], { timeout: 30_000 });
  return { authorization: `Bearer ${stdout.trim()}` };
}

/** Refuses before anything is sent where Google could not be asked. */
export async function needGoogleToken(): Promise<void> {
  await googleToken().catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT';
    throw new CannotVerify(
      `--project asks Google Cloud, and gcloud ${missing ? 'is not installed, or not on PATH' : 'has no credentials'}`,
      missing ? 'sudo snap install google-cloud-cli --classic' : 'gcloud auth login',
    );
  });
}

import { timeLimit } from '../clock.ts';
import { SloError } from '../errors.ts';
import { checkOptions } from '../options.ts';
import { show } from '../show.ts';

/** Where a Prometheus answers, and how it is asked. */
export interface PrometheusSource {
  /** Its base address, for example `http://127.0.0.1:9090`, with a path when it has one. */
  readonly url: string;
  /** Sent with each question, an `authorization` for example. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one answer may take, in milliseconds. Default 30000; 1 to 600000. */
  readonly timeoutMs?: number;
  /** Instead of the global one: for a proxy, or a test. */
  readonly fetch?: (url: string, init: PrometheusRequest) => Promise<PrometheusResponse>;
}

/** What `fetch` is called with. */
export interface PrometheusRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** What is read of what `fetch` resolves to. */
export interface PrometheusResponse {
  readonly status: number;
  /** The whole body. */
  text(): Promise<string>;
}

export const sourceOptions: readonly string[] = ['url', 'headers', 'timeoutMs', 'fetch'];
const longestAnswer = 512 * 1024 * 1024;

/** Checks where to ask, before anything is sent. */
export function checkSource(where: string, source: PrometheusSource, more: readonly string[] = []): PrometheusSource {
  checkOptions(where, source, [...sourceOptions, ...more]);
  const { url, timeoutMs = 30_000 } = source;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new SloError('INVALID_OPTION', `url must be an http address such as http://127.0.0.1:9090, got ${show(url)}`);
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    throw new SloError('INVALID_OPTION', `timeoutMs must be a whole number from 1 to 600000, got ${show(timeoutMs)}`);
  }
  return source;
}

/** Asks one question of Prometheus's HTTP API. The address in a message carries no password. */
export async function ask(source: PrometheusSource, path: string, question: Readonly<Record<string, string>>): Promise<unknown> {
  const url = `${source.url.replace(/\/+$/, '')}/api/v1/${path}`;
  const shown = withoutSecret(source.url);
  const { status, text } = await send(source, url, shown, question);
  const answer = parse(text);
  if (field(answer, 'status') === 'success') return field(answer, 'data');
  const why = field(answer, 'error');
  throw failure(
    `${shown} refused ${path} of ${show(question['query'])} with ${status}: ${typeof why === 'string' ? why.slice(0, 500) : 'not an answer of Prometheus'}`,
  );
}

async function send(
  source: PrometheusSource,
  url: string,
  shown: string,
  question: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const { headers = {}, timeoutMs = 30_000, fetch: given } = source;
  const request: PrometheusRequest = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(question).toString(),
    signal: timeLimit(timeoutMs),
  };
  try {
    const response = await (given === undefined ? fetch(url, request) : given(url, request));
    const text = await response.text();
    if (text.length > longestAnswer) throw failure(`${shown} answered with more than ${longestAnswer} characters`);
    return { status: response.status, text };
  } catch (cause) {
    if (cause instanceof SloError) throw cause;
    throw failure(`${shown} did not answer within ${timeoutMs} ms`, cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function withoutSecret(address: string): string {
  const url = new URL(address);
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

function failure(message: string, cause?: unknown): SloError {
  return new SloError('PROMETHEUS_FAILED', message, { cause });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

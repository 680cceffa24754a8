import {
  type CallContext,
  type Criticality,
  functionOption,
  booleanOption,
  optional,
  type Pipeline,
  ResilienceError,
  resolveOptions,
} from '@nines/resilience';

/** The call that an outgoing request is made for, as `admission().current()` of `@nines/resilience/http` gives it. */
export interface InheritedCall {
  readonly criticality: Criticality;
  readonly signal: AbortSignal;
  /** Milliseconds until its deadline; Infinity without one. */
  remainingMs(): number;
}

/** Options of {@link fetchWith}. */
export interface FetchOptions {
  /** Gives the call that a request is made for: its deadline bounds the request, its end aborts it, its criticality is handed on. Default: none. */
  readonly context?: () => InheritedCall | undefined;
  /** Whether `grpc-timeout` and `x-criticality` are sent. Say no when the server is not yours. Default: true. */
  readonly propagate?: boolean;
  /** What sends a request. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** The init of `fetch`, and what the pipeline wants to know. */
export interface ResilientInit extends RequestInit {
  /** What keyed policies keep their states by. Default: host and port of the address. */
  readonly key?: string;
  /** How much the request matters. Default: that of the inherited call, else `critical`. */
  readonly criticality?: Criticality;
  /** Whether the request may be sent twice. Default: by the method, as RFC 9110 §9.2.2 has it; true with a header `Idempotency-Key`. */
  readonly idempotent?: boolean;
}

/** A `fetch` whose requests go through a pipeline. */
export type ResilientFetch = (input: string | URL | Request, init?: ResilientInit) => Promise<Response>;

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

interface Plan {
  readonly input: string | URL | Request;
  readonly init: RequestInit;
  readonly headers: Headers;
  readonly signals: readonly AbortSignal[];
  /** The body is a stream: there is nothing left of it for a second attempt. */
  readonly once: boolean;
}

/** What can be read once only: a stream, an iterator; the body of a Request is one. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);
}

function planOf(input: string | URL | Request, init: RequestInit, inherited: InheritedCall | undefined): Plan {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined;
  const caller = init.signal ?? request?.signal;
  return {
    input,
    init,
    headers: new Headers(init.headers ?? request?.headers),
    signals: [caller, inherited?.signal].filter((signal) => signal !== undefined && signal !== null),
    once: isStream(init.body) || (init.body === undefined && request !== undefined && request.body !== null),
  };
}

/**
 * The response to a body that cannot be sent again, as the pipeline sees it: no retry policy waits as long as it asks for, so the
 * caller gets the response that came, at once.
 */
class SentOnce {
  readonly response: Response;
  readonly status: number;
  readonly headers: { get(name: string): string | null };

  constructor(response: Response) {
    this.response = response;
    this.status = response.status;
    this.headers = { get: (name) => (name === 'retry-after' ? '999999999' : response.headers.get(name)) };
  }
}

function methodOf({ input, init }: Plan): string {
  return (init.method ?? (typeof input === 'object' && 'method' in input ? input.method : 'GET')).toUpperCase();
}

/** A wrong address is for `fetch` to refuse. */
function hostOf(input: string | URL | Request): string | undefined {
  const url = typeof input === 'object' && 'url' in input ? input.url : String(input);
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function mayRepeat(plan: Plan, idempotent: boolean | undefined): boolean {
  if (plan.once) return false;
  return idempotent ?? (IDEMPOTENT.has(methodOf(plan)) || plan.headers.has('idempotency-key'));
}

function anyOf(signals: readonly AbortSignal[]): AbortSignal | undefined {
  return signals.length > 1 ? AbortSignal.any([...signals]) : signals[0];
}

/**
 * A `fetch` whose requests go through a pipeline made with `classify: http()`. Each attempt gets the signal of its own;
 * deadline and criticality are sent with it; `Retry-After` is kept and the body of a replaced response is cancelled by the
 * retry. A request that may not run twice (POST and PATCH without `Idempotency-Key`) is retried only when it was refused with
 * 429, a body that is a stream never: its caller gets the response that came.
 *
 * The policies are done when the headers of the response are there. Reading the body is bounded by `init.signal` and by the
 * inherited call, not by the deadline of the pipeline.
 *
 * @throws ResilienceError `INVALID_OPTION`; a request rejects as `pipeline.execute` does and with what `fetch` threw
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { deadline, http, pipeline } from '@nines/resilience';
 * import { fetchWith } from '@nines/resilience/fetch';
 *
 * const server = createServer((request, response) => response.end(request.headers['x-criticality']));
 * await once(server.listen(0, '127.0.0.1'), 'listening');
 * const inventory = fetchWith(pipeline('inventory', [deadline({ totalMs: 2_000 })], { classify: http() }));
 * const response = await inventory(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { criticality: 'sheddable' });
 * console.log(response.status, await response.text()); // 200 sheddable
 * server.close();
 * ```
 */
export function fetchWith(pipeline: Pipeline, options?: FetchOptions): ResilientFetch {
  const { context, propagate, fetch } = resolveOptions<Required<FetchOptions>>(
    'fetchWith',
    options,
    { propagate: true, fetch: (input, init) => globalThis.fetch(input, init) },
    { context: optional(functionOption()), propagate: booleanOption(), fetch: functionOption() },
  );
  if (typeof pipeline?.execute !== 'function') throw new ResilienceError('INVALID_OPTION', 'fetchWith: pipeline must be a pipeline');
  return async (input, { key, criticality, idempotent, ...init } = {}) => {
    const inherited = context?.();
    const plan = planOf(input, init, inherited);
    const run = async (ctx: CallContext): Promise<Response | SentOnce> => {
      if (plan.once && ctx.attempt > 1) {
        const { pipeline: name } = ctx;
        throw new ResilienceError('INVALID_OPTION', `${name}: the body is a stream and was sent already`, { pipeline: name });
      }
      const headers = new Headers(plan.headers);
      if (propagate) for (const [name, value] of Object.entries(ctx.headers())) headers.set(name, value);
      // The signals of the caller too: the context lets go of them when the response is there, and its body is still to be read.
      const response = await fetch(input, { ...init, headers, signal: AbortSignal.any([ctx.signal, ...plan.signals]) });
      return plan.once ? new SentOnce(response) : response;
    };
    const result = await pipeline.execute(run, {
      key: key ?? hostOf(input),
      criticality: criticality ?? inherited?.criticality,
      idempotent: mayRepeat(plan, idempotent),
      remainingMs: inherited?.remainingMs(),
      signal: anyOf(plan.signals),
    });
    return result instanceof SentOnce ? result.response : result;
  };
}

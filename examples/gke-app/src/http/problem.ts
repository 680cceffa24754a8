import { STATUS_CODES } from 'node:http';
import { isQueueError } from '@nines/queue';

/** A refusal as RFC 9457 problem details. `code` is for programs, `detail` for people; neither repeats the body of the request. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  body(): object {
    return { type: 'about:blank', title: STATUS_CODES[this.status], status: this.status, detail: this.message, code: this.code };
  }
}

/** For `Retry-After`: whole seconds, rounded up. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.ceil(ms / 1000)) };
}

/** What Node.js, the framework and the queue refuse, by their codes. */
const KNOWN: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'REQUEST_TIMEOUT', 'the request did not end in time'],
  HPE_HEADER_OVERFLOW: [431, 'HEADERS_TOO_LARGE', 'the headers are larger than this service accepts'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE', 'the body is larger than this service accepts'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'UNSUPPORTED_MEDIA_TYPE', 'the type must be application/json or application/*+json, in UTF-8'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'INVALID_CONTENT_LENGTH', 'the body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: [400, 'INVALID_URL', 'the URL is malformed'],
  FST_ERR_VALIDATION: [400, 'INVALID_QUERY', 'the query is not what GET /openapi.json says'],
  PAYLOAD_TOO_LARGE: [413, 'PAYLOAD_TOO_LARGE', 'the event is larger than the queue accepts'],
};

const INTERNAL = new Problem(500, 'INTERNAL', 'something went wrong on our side');

/** The problem behind any error; an error that nobody expected shows nothing of itself. */
export function toProblem(error: unknown, unexpected: Problem = INTERNAL): Problem {
  if (error instanceof Problem) return error;
  const { code } = error as { code?: unknown };
  if (isQueueError(error) && (error.retryable || error.code === 'CLOSED'))
    return new Problem(503, error.code, 'events cannot be taken right now; come again later', retryAfter(error.retryAfterMs ?? 2000));
  const known = typeof code === 'string' ? KNOWN[code] : undefined;
  return known === undefined ? unexpected : new Problem(...known);
}

import { STATUS_CODES } from 'node:http';
import { isQueueError, type QueueError } from '@nines/queue';

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

/** What the framework refuses before a route sees it, by fastify's error code. */
const FRAMEWORK: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE', 'the body is larger than this service accepts'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'the content type must be application/json or application/*+json, in UTF-8',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'INVALID_CONTENT_LENGTH', 'the body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: [400, 'INVALID_URL', 'the URL is malformed'],
};

/** The problem behind any error; an error that nobody expected shows nothing of itself. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isQueueError(error)) return queueProblem(error);
  const { code } = error as { code?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK[code] : undefined;
  return known === undefined ? new Problem(500, 'INTERNAL', 'something went wrong on our side') : new Problem(...known);
}

function queueProblem({ code, retryAfterMs }: QueueError): Problem {
  const retryAfter = (fallbackMs: number) => ({ 'Retry-After': String(Math.ceil((retryAfterMs ?? fallbackMs) / 1000)) });
  switch (code) {
    case 'QUEUE_FULL':
      return new Problem(503, code, 'too many events are waiting; send this one again later', retryAfter(5000));
    case 'REDIS_UNAVAILABLE':
    case 'REDIS_OUT_OF_MEMORY':
    case 'CLOSED':
      return new Problem(503, code, 'events cannot be taken right now; send this one again later', retryAfter(2000));
    case 'PAYLOAD_TOO_LARGE':
      return new Problem(413, code, 'the event is larger than the queue accepts');
    default:
      return new Problem(500, 'INTERNAL', 'something went wrong on our side');
  }
}

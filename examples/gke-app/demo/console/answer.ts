import type { IncomingMessage, ServerResponse } from 'node:http';
import { isQueueError } from '@nines/queue';
import { readText } from './body.ts';
import type { Refusal } from './protocol.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** With every answer, refusals and the stream included. */
export const HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
});

const BODY_BYTES_MAX = 100_000;

/** A request that is refused; the message may be shown. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function sendText(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': body.length, ...headers });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  sendText(response, status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
}

/** Tells what went wrong, as far as a visitor may know it. */
export function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const challenge = error instanceof Refused && error.status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  // What was not read of a request cannot be followed by another one.
  const headers = { ...challenge, connection: 'close' };
  sendJson(response, statusOf(error), { error: messageOf(error) } satisfies Refusal, headers);
}

function statusOf(error: unknown): number {
  if (error instanceof Refused) return error.status;
  return isQueueError(error) && error.retryable ? 503 : 500;
}

function messageOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  return isQueueError(error) ? `${error.message} (${error.code})` : 'something went wrong inside the console';
}

/** The JSON object in a request's body. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!request.headers['content-type']?.startsWith('application/json')) throw new Refused(415, 'the content type must be application/json');
  const text = await readText(request, BODY_BYTES_MAX);
  if (text === undefined) throw new Refused(413, `the body may have ${BODY_BYTES_MAX} bytes`);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused(400, 'the body must be a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import type { IncomingMessage } from 'node:http';
import { ConsoleRefusal } from './errors.ts';

/** A thousand ids of 128 characters, and some room. */
const BODY_BYTES_MAX = 160_000;

/**
 * The JSON object in a request's body; also where a framework has read it before.
 *
 * @throws {ConsoleRefusal} `CONSOLE_NOT_JSON`, `CONSOLE_BODY_TOO_LARGE`, `CONSOLE_BAD_REQUEST`.
 */
export async function readJsonObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new ConsoleRefusal('CONSOLE_NOT_JSON', 'the content type must be application/json');
  const { body } = request as IncomingMessage & { readonly body?: unknown };
  const value = body === undefined ? parse(await readText(request)) : body;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseBody();
  return value as Readonly<Record<string, unknown>>;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = Number(request.headers['content-length'] ?? 0);
  if (bytes > BODY_BYTES_MAX) refuseSize();
  bytes = 0;
  // Without this, leaving the loop would cut the connection before the refusal is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) refuseSize();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return refuseBody();
  }
}

function refuseBody(): never {
  throw new ConsoleRefusal('CONSOLE_BAD_REQUEST', 'the body must be a JSON object');
}

function refuseSize(): never {
  // What is not read cannot be followed by another request.
  throw new ConsoleRefusal('CONSOLE_BODY_TOO_LARGE', `the body may have ${BODY_BYTES_MAX} bytes`, { connection: 'close' });
}

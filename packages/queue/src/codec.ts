import { QueueError } from './errors.ts';

/**
 * The payload as JSON bytes.
 *
 * @throws {QueueError} `PAYLOAD_NOT_SERIALISABLE`, `PAYLOAD_TOO_LARGE`.
 */
export function encodeBody(queue: string, payload: unknown, maxBytes: number): Buffer {
  const json = stringify(queue, payload);
  const bytes = Buffer.from(json);
  if (bytes.length > maxBytes) {
    throw new QueueError('PAYLOAD_TOO_LARGE', `the payload for queue ${queue} has ${bytes.length} bytes, maxBodyBytes allows ${maxBytes}`);
  }
  return bytes;
}

function stringify(queue: string, payload: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(payload);
  } catch (cause) {
    throw new QueueError('PAYLOAD_NOT_SERIALISABLE', `the payload for queue ${queue} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (json === undefined)
    throw new QueueError('PAYLOAD_NOT_SERIALISABLE', `the payload for queue ${queue} is not JSON: ${typeof payload} has no JSON form`);
  return json;
}

/** @throws {QueueError} `ENVELOPE_UNREADABLE`; what stands there is not quoted, for it may be secret. */
export function decodeBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new QueueError('ENVELOPE_UNREADABLE', `the body of a job (${body.length} bytes) is not JSON`);
  }
}

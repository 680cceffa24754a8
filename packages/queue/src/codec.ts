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

export function decodeBody(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

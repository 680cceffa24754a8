import { QueueError } from './errors.ts';
import type { BodyCodec, ResolvedQueueOptions } from './options.ts';

/**
 * The payload as the bytes that are stored; a promise only where a codec needs one.
 *
 * @throws {QueueError} `PAYLOAD_NOT_SERIALISABLE`, `PAYLOAD_TOO_LARGE`.
 */
export function encodeBody({ name, codec, maxBodyBytes }: ResolvedQueueOptions, payload: unknown): Buffer | Promise<Buffer> {
  const json = Buffer.from(stringify(name, payload));
  return codec === undefined ? bounded(name, json, maxBodyBytes) : encodeBy(codec, name, json, maxBodyBytes);
}

async function encodeBy(codec: BodyCodec, queue: string, json: Buffer, maxBytes: number): Promise<Buffer> {
  let bytes: Uint8Array;
  try {
    bytes = await codec.encode(json);
  } catch (cause) {
    throw new QueueError('PAYLOAD_NOT_SERIALISABLE', `the codec of queue ${queue} failed: ${messageOf(cause)}`, { cause });
  }
  if (!(bytes instanceof Uint8Array)) {
    throw new QueueError('PAYLOAD_NOT_SERIALISABLE', `the codec of queue ${queue} must encode to a Uint8Array, not to ${typeof bytes}`);
  }
  return bounded(queue, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxBytes);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function bounded(queue: string, bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length <= maxBytes) return bytes;
  throw new QueueError('PAYLOAD_TOO_LARGE', `the payload for queue ${queue} has ${bytes.length} bytes, maxBodyBytes allows ${maxBytes}`);
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

/**
 * The payload of stored bytes; a promise only where there is a codec.
 *
 * @throws {QueueError} `ENVELOPE_UNREADABLE`; what stands there is not quoted, for it may be secret. And what the codec throws.
 */
export function decodeBody({ codec }: ResolvedQueueOptions, body: Buffer): unknown {
  return codec === undefined ? parse(body) : decodeBy(codec, body);
}

async function decodeBy(codec: BodyCodec, body: Buffer): Promise<unknown> {
  const json = await codec.decode(body);
  return parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength));
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch {
    throw new QueueError('ENVELOPE_UNREADABLE', `the body of a job (${json.length} bytes) is not JSON`);
  }
}

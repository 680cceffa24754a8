import { decodeBody, encodeBody } from './codec.ts';
import { QueueError } from './errors.ts';
import type { ResolvedQueueOptions } from './options.ts';

/** The first byte of a stored result: a value follows, or the handler returned nothing. */
const VALUE = Buffer.from('v');
const NOTHING = Buffer.from('u');

/**
 * What a handler returned, as it is stored; a promise only where the codec needs one.
 *
 * @throws {QueueError} `INVALID_RESULT` when it is no JSON or too large.
 */
export function encodeResult(queue: ResolvedQueueOptions, id: string, value: unknown): Buffer | Promise<Buffer> {
  if (value === undefined) return NOTHING;
  const refuse = (cause: unknown): never => {
    const { name, maxBodyBytes } = queue;
    const why = (cause as QueueError).code === 'PAYLOAD_TOO_LARGE' ? `has more than maxBodyBytes (${maxBodyBytes})` : 'cannot be encoded';
    throw new QueueError('INVALID_RESULT', `the result of job ${id} of queue ${name} ${why}`, { cause });
  };
  try {
    const body = encodeBody(queue, value);
    return body instanceof Promise ? body.then(stored, refuse) : stored(body);
  } catch (cause) {
    return refuse(cause);
  }
}

function stored(body: Buffer): Buffer {
  return Buffer.concat([VALUE, body]);
}

/** The reverse. */
export async function decodeResult(queue: ResolvedQueueOptions, result: Buffer): Promise<unknown> {
  return result[0] === NOTHING[0] ? undefined : decodeBody(queue, result.subarray(1));
}

import type { Destinations } from '../destinations.ts';
import type { Delivery } from '../queue.ts';
import { Problem } from '../http/problem.ts';

export interface IncomingEvent {
  readonly query: Readonly<Record<string, unknown>>;
  readonly contentType: string;
  readonly body: Buffer;
}

const TYPE = /^[\w.:/-]{1,128}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Turns a request into a delivery. With `?destination=NAME` the body goes out as it came in, byte for byte; else the body is
 * `{ destination, type, data }`, and the worker puts `data` into the envelope that Standard Webhooks recommends.
 *
 * @throws {Problem} 400 for what is not JSON, 422 for JSON of a wrong shape or an unknown destination.
 */
export function readEvent({ query, contentType, body }: IncomingEvent, destinations: Destinations): Delivery {
  const { text, value } = parse(body);
  if ('destination' in query) {
    const type = query['type'] === undefined ? {} : { type: checkType(query['type']) };
    return { destination: checkDestination(query['destination'], destinations), ...type, contentType, body: text };
  }
  const { destination, type, data } = checkEnvelope(value);
  return { destination: checkDestination(destination, destinations), type: checkType(type), body: stringify(data) };
}

function parse(body: Buffer): { readonly text: string; readonly value: unknown } {
  try {
    const text = utf8.decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    // The parser's message is not repeated: it quotes the body.
    throw new Problem(400, 'INVALID_JSON', `the body is not valid JSON in UTF-8${body.length === 0 ? ': it is empty' : ''}`);
  }
}

function checkEnvelope(value: unknown): Readonly<Record<'destination' | 'type' | 'data', unknown>> {
  const envelope = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const keys = Object.keys(envelope).sort().join();
  if (keys === 'data,destination,type') return envelope as ReturnType<typeof checkEnvelope>;
  throw new Problem(
    422,
    'INVALID_EVENT',
    'the body must be {"destination": …, "type": …, "data": …}, or the URL must have ?destination=NAME',
  );
}

function checkDestination(name: unknown, destinations: Destinations): string {
  if (typeof name === 'string' && destinations.has(name)) return name;
  throw new Problem(422, 'UNKNOWN_DESTINATION', `destination must be one of: ${[...destinations.keys()].join(', ')}`);
}

function checkType(type: unknown): string {
  if (typeof type === 'string' && TYPE.test(type)) return type;
  throw new Problem(422, 'INVALID_TYPE', 'type must be 1 to 128 letters, digits, or _ . : / -');
}

/** Reading deep nesting is no problem for JSON.parse, but writing it is one for JSON.stringify. */
function stringify(data: unknown): string {
  try {
    return JSON.stringify(data);
  } catch {
    throw new Problem(422, 'NESTED_TOO_DEEPLY', 'data is nested too deeply; send it with ?destination=NAME to pass it on as it is');
  }
}

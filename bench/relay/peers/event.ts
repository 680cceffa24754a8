/** What is refused, with the code that the example's api gives for it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** An event on its way to one destination. */
export interface Delivery {
  readonly destination: string;
  readonly type: string;
  /** The text that is sent. */
  readonly body: string;
}

const TYPE = /^[\w.:/-]{1,128}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Checks the body of `POST /process` as the example's api does. */
export function readEvent(body: Buffer, destinations: ReadonlyMap<string, string>): Delivery {
  const value = parse(body);
  const envelope = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  if (Object.keys(envelope).sort().join() !== 'data,destination,type')
    throw new Refusal(422, 'INVALID_EVENT', 'the body must be {"destination": …, "type": …, "data": …}');
  const { destination, type, data } = envelope as Record<'destination' | 'type' | 'data', unknown>;
  if (typeof destination !== 'string' || !destinations.has(destination))
    throw new Refusal(422, 'UNKNOWN_DESTINATION', `destination must be one of: ${[...destinations.keys()].join(', ')}`);
  if (typeof type !== 'string' || !TYPE.test(type))
    throw new Refusal(422, 'INVALID_TYPE', 'type must be 1 to 128 letters, digits, or _ . : / -');
  return { destination, type, body: JSON.stringify({ type, timestamp: new Date().toISOString(), data }) };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw new Refusal(400, 'INVALID_JSON', 'the body is not valid JSON in UTF-8');
  }
}

/** `name=url,name2=url2`. */
export function readDestinations(list: string): ReadonlyMap<string, string> {
  return new Map(list.split(',').map((entry) => entry.split('=', 2) as [string, string]));
}

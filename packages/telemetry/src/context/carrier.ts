import { context, type Context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';

/** Headers, message attributes, or whatever else carries a context as text. */
export type Carrier = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Longest value that is read of a carrier; what is longer is hostile, and the specifications allow to drop it. */
const longest = 8192;

/** A field whatever the case of its name; undefined where there is none that is text, or where the carrier cannot be read. */
export function readField(carrier: Carrier, key: string): string | undefined {
  if (typeof carrier !== 'object' || carrier === null) return undefined;
  try {
    const value = carrier[key] ?? carrier[Object.keys(carrier).find((name) => name.toLowerCase() === key) ?? key];
    const text = Array.isArray(value) ? value.join(',') : value;
    return typeof text === 'string' && text.length <= longest ? text : undefined;
  } catch {
    return undefined;
  }
}

const reader = { keys: (carrier: Carrier): string[] => Object.keys(carrier), get: readField };

/** Leaves a carrier alone that cannot be written, such as a frozen one. */
const writer = {
  set(carrier: Record<string, string>, key: string, value: string): void {
    try {
      carrier[key] = value;
    } catch {
      // A message without a context is better than none.
    }
  },
};

/**
 * The active context (trace, baggage) as text fields, to be put into a message or a request; empty when nothing is active or telemetry is off.
 *
 * @returns a new object, or `carrier` with the fields added.
 * @example
 * ```ts
 * import { injectContext } from '@nines/telemetry/context';
 * const message = { body: 'paid', attributes: injectContext() };
 * console.log(message); // { body: 'paid', attributes: {} }
 * ```
 */
export function injectContext(carrier: Record<string, string> = {}): Record<string, string> {
  propagation.inject(context.active(), carrier, writer);
  return carrier;
}

/** The context that a carrier brought. Malformed or oversized fields are ignored, as W3C's specifications say. Never throws. */
export function extractContext(carrier: Carrier): Context {
  return propagation.extract(ROOT_CONTEXT, carrier, reader);
}

/**
 * Runs a function in the context that a carrier brought, and gives back what it gives back.
 *
 * @example
 * ```ts
 * import { runInContext } from '@nines/telemetry/context';
 * const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
 * console.log(runInContext(headers, () => 'handled')); // handled
 * ```
 */
export function runInContext<Result>(carrier: Carrier, run: () => Result): Result {
  return context.with(extractContext(carrier), run);
}

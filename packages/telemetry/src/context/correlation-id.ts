import { context, type Context, propagation } from '@opentelemetry/api';
import { type Carrier, readField } from './carrier.ts';

/** Under this name the id travels as baggage. */
export const correlationKey = 'correlation.id';

/** What may stand in a log line and a header without being escaped. */
const valid = /^[\w.:/+=@-]{1,128}$/u;
const traceparent = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/u;

/**
 * The correlation id of a request: its `X-Request-Id` when that is harmless text of at most 128 characters, else the trace id of its
 * `traceparent`, else a new random one.
 *
 * @example
 * ```ts
 * import { correlationIdOf } from '@nines/telemetry/context';
 * console.log(correlationIdOf({ 'x-request-id': 'order-7' })); // order-7
 * ```
 */
export function correlationIdOf(headers: Carrier): string {
  const requested = readField(headers, 'x-request-id')?.split(',', 1)[0];
  if (requested !== undefined && valid.test(requested)) return requested;
  return traceparent.exec(readField(headers, 'traceparent') ?? '')?.[1] ?? crypto.randomUUID();
}

/** The correlation id of a context: what {@link withCorrelationId} set in this process, or in one that it was carried from. */
export function correlationId(within: Context = context.active()): string | undefined {
  const id = propagation.getBaggage(within)?.getEntry(correlationKey)?.value;
  return id !== undefined && valid.test(id) ? id : undefined;
}

/**
 * Runs a function with a correlation id, which stands on every log line in it as `correlation_id` and travels as baggage. An id that is no
 * harmless text is left out.
 *
 * @returns what the function gives back.
 * @example
 * ```ts
 * import { correlationIdOf, withCorrelationId } from '@nines/telemetry/context';
 * const answer = withCorrelationId(correlationIdOf({ 'x-request-id': 'order-7' }), () => 'handled');
 * console.log(answer); // handled
 * ```
 */
export function withCorrelationId<Result>(id: string, run: () => Result): Result {
  if (typeof id !== 'string' || !valid.test(id)) return run();
  const active = context.active();
  const baggage = (propagation.getBaggage(active) ?? propagation.createBaggage()).setEntry(correlationKey, { value: id });
  return context.with(propagation.setBaggage(active, baggage), run);
}

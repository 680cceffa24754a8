import { resolveQueueOptions, type QueueOptions, type ResolvedQueueOptions, type ResultRetention, type Retention } from './options.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './schema.ts';

/**
 * A queue as both sides know it. `Input` is what a producer passes, `Output` what a handler gets, `Result` what it returns.
 * Make one with {@link defineQueue}.
 */
export interface Queue<Input, Output = Input, Result = unknown> {
  readonly name: string;
  readonly options: ResolvedQueueOptions;
  readonly schema: StandardSchema<Input, Output> | undefined;
  /** Never there; it carries the type of what handlers return. */
  readonly '~result'?: (result: never) => Result;
}

/** What {@link defineQueue} takes. */
export interface QueueDefinition<S extends StandardSchema | undefined, Result = unknown> extends Omit<QueueOptions, 'results'> {
  /** As in {@link QueueOptions}; `keepResults<Result>({ count, ageMs })` gives it the type of the results, where there is a schema. */
  readonly results?: ResultRetention<Result>;
  /** Any Standard Schema: zod, valibot, arktype. */
  readonly schema?: S;
}

/**
 * Defines a queue: its name, its promises, and the type of its payload. Import the same definition where you enqueue and where you consume.
 * Touches no network.
 *
 * With `schema` (any Standard Schema: zod, valibot, arktype) the payload is checked at both ends, and the types follow from it.
 * Without one, give the type: `defineQueue<Order>({ name: 'orders' })`; then nothing is checked at run time.
 *
 * The second type is what handlers return and `waitUntilCompleted` resolves to, where results are kept: `defineQueue<Order, Receipt>({ name, results })`;
 * beside a schema `results: keepResults<Receipt>({ count, ageMs })` gives it.
 *
 * @throws {QueueError} `INVALID_OPTION` that names the option, its value and what is allowed.
 * @example
 * ```ts
 * import { defineQueue } from '@nines/queue';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders', maxAttempts: 3 });
 * console.log(orders.options.leaseMs); // 10000
 * ```
 */
export function defineQueue<Payload, Result = unknown, S extends StandardSchema | undefined = undefined>(
  options: QueueDefinition<S, Result>,
): QueueOf<Payload, S, Result> {
  const { schema, ...queueOptions } = options;
  const resolved = resolveQueueOptions(queueOptions);
  return Object.freeze({ name: resolved.name, options: resolved, schema }) as unknown as QueueOf<Payload, S, Result>;
}

/** The queue of a schema, or of a payload type where there is none. One signature, so that a compiler's error names the wrong field. */
export type QueueOf<Payload, S extends StandardSchema | undefined, Result = unknown> = S extends StandardSchema
  ? Queue<SchemaInput<S>, SchemaOutput<S>, Result>
  : Queue<Payload, Payload, Result>;

/**
 * Says how many results are kept and for how long, and what type they have; for a queue with a schema, whose payload type follows from that.
 *
 * @example
 * ```ts
 * import { defineQueue, keepResults } from '@nines/queue';
 * import { z } from 'zod';
 *
 * const schema = z.object({ sku: z.string() });
 * const orders = defineQueue({ name: 'orders', schema, results: keepResults<{ total: number }>({ count: 1_000, ageMs: 3_600_000 }) });
 * console.log(orders.options.results.count); // 1000
 * ```
 */
export function keepResults<Result>(retention: Retention): ResultRetention<Result> {
  return retention;
}

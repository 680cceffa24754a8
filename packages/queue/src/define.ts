import { resolveQueueOptions, type QueueOptions, type ResolvedQueueOptions } from './options.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './schema.ts';

/**
 * A queue as both sides know it. `Input` is what a producer passes, `Output` what a handler gets.
 * Make one with {@link defineQueue}.
 */
export interface Queue<Input, Output = Input> {
  readonly name: string;
  readonly options: ResolvedQueueOptions;
  readonly schema: StandardSchema<Input, Output> | undefined;
}

/** What {@link defineQueue} takes. */
export interface QueueDefinition<S extends StandardSchema | undefined> extends QueueOptions {
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
 * @throws {QueueError} `INVALID_OPTION` that names the option, its value and what is allowed.
 * @example
 * ```ts
 * import { defineQueue } from '@nines/queue';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders', maxAttempts: 3 });
 * console.log(orders.options.leaseMs); // 10000
 * ```
 */
export function defineQueue<Payload, S extends StandardSchema | undefined = undefined>(options: QueueDefinition<S>): QueueOf<Payload, S> {
  const { schema, ...queueOptions } = options;
  const resolved = resolveQueueOptions(queueOptions);
  return Object.freeze({ name: resolved.name, options: resolved, schema }) as unknown as QueueOf<Payload, S>;
}

/** The queue of a schema, or of a payload type where there is none. One signature, so that a compiler's error names the wrong field. */
export type QueueOf<Payload, S extends StandardSchema | undefined> = S extends StandardSchema
  ? Queue<SchemaInput<S>, SchemaOutput<S>>
  : Queue<Payload>;

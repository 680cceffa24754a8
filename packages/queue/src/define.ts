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
export function defineQueue<S extends StandardSchema>(
  options: QueueOptions & { readonly schema: S },
): Queue<SchemaInput<S>, SchemaOutput<S>>;
export function defineQueue<Payload>(options: QueueOptions): Queue<Payload>;
export function defineQueue(options: QueueOptions & { readonly schema?: StandardSchema }): Queue<unknown> {
  const { schema, ...queueOptions } = options;
  const resolved = resolveQueueOptions(queueOptions);
  return Object.freeze({ name: resolved.name, options: resolved, schema });
}

import { checkOption, functionOption, wholeNumber } from '@nines/resilience';

/** A function made by {@link flaky}. */
export interface Flaky<T> {
  (...ignored: readonly unknown[]): Promise<T>;
  /** How often it was called. */
  readonly calls: number;
}

/**
 * A function that rejects the first `failures` times and then resolves to undefined.
 *
 * @param failures - how often it rejects, from 0; Infinity for always.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { flaky } from '@nines/resilience/testing';
 *
 * const stock = flaky(1);
 * console.log(await stock().catch((error) => error.message), await stock()); // call 1 failed on purpose undefined
 * ```
 */
export function flaky(failures: number): Flaky<undefined>;
/**
 * A function that rejects the first `failures` times and then resolves.
 *
 * @param failures - how often it rejects, from 0; Infinity for always.
 * @param value - what it resolves to.
 * @param error - makes what it rejects with; is given the number of the call, from 1. Default: an Error that says which call it was.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fixed, pipeline } from '@nines/resilience';
 * import { pRetry } from '@nines/resilience/p-retry';
 * import { flaky } from '@nines/resilience/testing';
 *
 * const stock = flaky(2, 42);
 * const inventory = pipeline('inventory', [pRetry({ maxAttempts: 3, backoff: fixed(1) })]);
 * console.log(await inventory.execute(stock), stock.calls); // 42 3
 * ```
 */
export function flaky<T>(failures: number, value: T, error?: (call: number) => unknown): Flaky<T>;
export function flaky<T>(failures: number, value?: T, error: (call: number) => unknown = failed): Flaky<T | undefined> {
  if (failures !== Number.POSITIVE_INFINITY) checkOption('flaky', 'failures', failures, wholeNumber(0, Number.MAX_SAFE_INTEGER));
  checkOption('flaky', 'error', error, functionOption());
  let calls = 0;
  const run = async (): Promise<T | undefined> => {
    calls += 1;
    if (calls <= failures) throw error(calls);
    return value;
  };
  return Object.defineProperty(run, 'calls', { get: () => calls }) as unknown as Flaky<T | undefined>;
}

function failed(call: number): Error {
  return new Error(`call ${call} failed on purpose`);
}

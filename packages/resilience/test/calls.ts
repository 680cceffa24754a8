import {
  isResilienceError,
  type Outcome,
  type Pipeline,
  pipeline,
  type PipelineEvent,
  type Policy,
  type ResilienceError,
} from '@nines/resilience';
import { opossum, type OpossumOptions } from '@nines/resilience/opossum';
import { FakeClock } from './fake-clock.ts';

export const down = (): Promise<never> => Promise.reject(new Error('down'));
export const up = (): Promise<string> => Promise.resolve('up');
export const never = (): Promise<never> => new Promise(() => {});

/** The error of this package in which an outcome ended, if it did. */
export function errorOf(outcome: Outcome<unknown>): ResilienceError | undefined {
  return !outcome.ok && isResilienceError(outcome.error) ? outcome.error : undefined;
}

/** A pipeline with one breaker, its clock and what it told. */
export function ours(
  options: OpossumOptions = {},
  inner: readonly Policy[] = [],
): { p: Pipeline; clock: FakeClock; events: PipelineEvent[] } {
  return breakerUnder(opossum, options, inner);
}

/** As {@link ours}, with any breaker. */
export function breakerUnder(
  breaker: (options?: OpossumOptions) => Policy,
  options: OpossumOptions = {},
  inner: readonly Policy[] = [],
): { p: Pipeline; clock: FakeClock; events: PipelineEvent[] } {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [breaker(options), ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  return { p, clock, events };
}

/** The state of the only breaker. */
export function state(p: Pipeline): string | undefined {
  const { breakers } = p.snapshot().policies.find((policy) => policy.breakers !== undefined) ?? {};
  return breakers && Object.entries(breakers).find(([, count]) => count > 0)?.[0];
}

/** Lets some calls fail, one after the other. */
export async function fail(p: Pipeline, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await p.executeOutcome(down);
}

export { deferred, flush } from './fake-clock.ts';

import CircuitBreaker from 'opossum';
import { vi } from 'vitest';
import type { PipelineEvent } from '@nines/resilience';
import { instrument, type InstrumentationOptions } from '@nines/resilience/opossum';

const made: { shutdown(): void }[] = [];
/** A naked breaker of the installed opossum. */
export function breakerOf<A extends unknown[], R>(
  action: (...args: A) => R,
  options: CircuitBreaker.Options<A> = { name: 'inventory' },
): CircuitBreaker<A, Awaited<R>> {
  const breaker = new CircuitBreaker(action as unknown as (...args: A) => Promise<Awaited<R>>, options);
  made.push(breaker);
  return breaker;
}

/** A breaker that is instrumented, and what was told of it. */
export interface Watched<A extends unknown[], R> {
  readonly breaker: CircuitBreaker<A, Awaited<R>>;
  readonly events: readonly PipelineEvent[];
  readonly detach: () => void;
  /** Each event in a few words. */
  readonly told: () => string[];
}

/** A breaker whose events are kept. */
export function watched<A extends unknown[], R>(
  action: (...args: A) => R,
  options: CircuitBreaker.Options<A> = {},
  more: Partial<InstrumentationOptions> = {},
): Watched<A, R> {
  const breaker = breakerOf(action, { name: 'inventory', ...options });
  const events: PipelineEvent[] = [];
  const detach = instrument(breaker, { observer: { event: (event) => void events.push(event) }, ...more });
  return { breaker, events, detach, told: () => events.map(line) };
}

/** An event in a few words. */
export function line(event: PipelineEvent): string {
  if (event.type === 'transition') return `${event.from} → ${event.to}`;
  if (event.type === 'rejection') return `rejection ${event.policy} ${event.reason}`;
  return `${event.type} ${event.kind}`;
}

/** Timers that the test turns. */
export function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
}

/** Shuts down every breaker that was made, and gives the timers back. */
export function shutDown(): void {
  for (const breaker of made.splice(0)) breaker.shutdown();
  vi.useRealTimers();
}

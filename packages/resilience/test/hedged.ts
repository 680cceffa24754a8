import { type ExecuteOptions, type Pipeline, pipeline, type PipelineEvent, type Policy } from '@nines/resilience';
import { hedge, type HedgeOptions, type HedgeSnapshot } from '@nines/resilience/hedge';
import { FakeClock } from '@nines/resilience/testing';

/** What may be hedged. */
export const twice: ExecuteOptions = { idempotent: true };

export interface Hedged {
  readonly p: Pipeline;
  readonly clock: FakeClock;
  /** What it told. */
  readonly events: PipelineEvent[];
  readonly snapshot: () => HedgeSnapshot;
  /** Resolves to the value, or rejects with the error, after so long. */
  readonly after: <T>(ms: number, value: T) => Promise<Exclude<T, Error>>;
  /** Quick calls, so that the budget holds some hedges. */
  readonly pay: (calls: number) => Promise<void>;
}

/** A pipeline with a hedge after 10 ms. */
export function hedged(options: Partial<HedgeOptions> = {}, outer: readonly Policy[] = [], inner: readonly Policy[] = []): Hedged {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const policy = hedge({ delay: 10, maxExtraLoadRatio: 1, ...options });
  const p = pipeline('p', [...outer, policy, ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  return {
    p,
    clock,
    events,
    snapshot: () => p.snapshot().policies.find(({ name }) => name === 'hedge') as unknown as HedgeSnapshot,
    after: <T>(ms: number, value: T) =>
      new Promise<Exclude<T, Error>>((resolve, reject) => {
        clock.schedule(() => (value instanceof Error ? reject(value) : resolve(value as Exclude<T, Error>)), ms);
      }),
    async pay(calls) {
      for (let i = 0; i < calls; i++) await p.execute(() => i);
      events.length = 0;
    },
  };
}

/** The attempts that were told, in order. */
export function attempts(events: readonly PipelineEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'attempt' ? [`${event.info.attempt} ${event.info.kind} ${event.kind}`] : []));
}

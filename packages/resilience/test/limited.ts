import {
  type Criticality,
  type LimiterSnapshot,
  type Outcome,
  type Pipeline,
  pipeline,
  type PipelineEvent,
  type Policy,
} from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';

/** No criticality has less of the limit than another. */
export const NO_SHARES: Readonly<Record<Criticality, number>> = { 'critical+': 1, critical: 1, 'sheddable+': 1, sheddable: 1 };

export interface Limited {
  readonly p: Pipeline;
  readonly clock: FakeClock;
  /** What it told. */
  readonly events: PipelineEvent[];
  readonly limiter: () => LimiterSnapshot | undefined;
  /** The names of held calls that began, in order. */
  readonly began: string[];
  /** A call that runs until it is let go. */
  readonly hold: (name: string, criticality?: Criticality) => { readonly outcome: Promise<Outcome<string>>; readonly release: () => void };
}

/** A pipeline with a limit. */
export function limited(policy: Policy, outer: readonly Policy[] = [], inner: readonly Policy[] = []): Limited {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const began: string[] = [];
  const p = pipeline('p', [...outer, policy, ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  return {
    p,
    clock,
    events,
    began,
    limiter: () => p.snapshot().policies.find(({ limiter }) => limiter !== undefined)?.limiter,
    hold(name, criticality = 'critical') {
      const { promise, resolve } = Promise.withResolvers<string>();
      const outcome = p.executeOutcome(() => (began.push(name), promise), { criticality });
      return { outcome, release: () => resolve(name) };
    },
  };
}

/** Why calls were refused, in order. */
export function reasons(events: readonly PipelineEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'rejection' ? [event.reason] : []));
}

import type { Clock } from './clock.ts';
import type { PolicyContext } from './context.ts';
import { ResilienceError } from './errors.ts';
import type { BreakerState, PipelineEvent } from './events.ts';
import type { Outcome } from './outcome.ts';

/** What a policy does; it decides where it may stand in a pipeline. */
export type PolicyKind = 'deadline' | 'retry' | 'breaker' | 'timeout' | 'custom';

/** What a policy may use of its pipeline. */
export interface PolicyHost {
  readonly pipeline: string;
  readonly clock: Clock;
  /** Random numbers from 0 to 1. */
  readonly random: () => number;
  /** False when nobody listens: then no event needs to be built. */
  readonly observed: () => boolean;
  /** Tells the observers of the pipeline. */
  readonly emit: (event: PipelineEvent) => void;
}

/** Runs what stands inside a policy. Never rejects: errors are outcomes. */
export type Next = (ctx: PolicyContext) => Promise<Outcome<unknown>>;

/** What a policy tells about itself. */
export interface PolicySnapshot {
  /** Breakers in each state, when the policy is a breaker. */
  readonly breakers?: Readonly<Record<BreakerState, number>>;
}

/** A policy inside one pipeline. */
export interface BoundPolicy {
  /** Runs the call. Must end when `ctx` is aborted, and must not reject. */
  run(ctx: PolicyContext, next: Next): Promise<Outcome<unknown>>;
  /** The state as it is now; undefined when the policy has none. */
  snapshot?(): PolicySnapshot;
}

/** Something that stands between the caller and the dependency. The same policy may be given to several pipelines; they share no state. */
export interface Policy {
  /** Shown in errors, events and metrics. */
  readonly name: string;
  readonly kind: PolicyKind;
  /** The resolved options, as `describe()` shows them. */
  readonly options: object;
  /** Makes the policy part of a pipeline, with a state of its own. */
  bind(host: PolicyHost): BoundPolicy;
}

/** Outer to inner, each with the reason why it stands outside of those below. */
const ORDER: readonly { readonly kind: PolicyKind; readonly why: string }[] = [
  { kind: 'deadline', why: 'it bounds all attempts and the waits between them' },
  { kind: 'retry', why: 'every attempt must ask the breaker and have its own timeout' },
  { kind: 'breaker', why: 'it must see a timed-out attempt as a failure' },
  { kind: 'timeout', why: '' },
];

/**
 * Refuses policies in a wrong order and two of a kind. Custom policies may stand anywhere.
 *
 * @throws ResilienceError `POLICY_ORDER`
 */
export function checkOrder(pipeline: string, policies: readonly Policy[]): void {
  let outer: { readonly name: string; readonly rank: number } | undefined;
  for (const policy of policies) {
    const rank = ORDER.findIndex((entry) => entry.kind === policy.kind);
    if (rank < 0) continue;
    if (outer !== undefined && rank <= outer.rank) {
      const why =
        rank === outer.rank
          ? `one ${policy.kind} policy is enough`
          : `${policy.name} must stand outside of ${outer.name}: ${ORDER[rank]?.why ?? ''}`;
      throw new ResilienceError('POLICY_ORDER', `pipeline ${pipeline}: ${why}`, { policy: policy.name, pipeline });
    }
    outer = { name: policy.name, rank };
  }
}

import type { Clock } from './clock.ts';
import type { PolicyContext } from './policy-context.ts';
import { ResilienceError } from './errors.ts';
import type { BreakerState, PipelineEvent, PolicySnapshot } from './events.ts';
import type { Outcome } from './outcome.ts';

/** What a policy does; it decides where it may stand in a pipeline. */
export type PolicyKind =
  | 'fallback'
  | 'deadline'
  | 'throttle'
  | 'bulkhead'
  | 'rate-limit'
  | 'retry'
  | 'hedge'
  | 'breaker'
  | 'timeout'
  | 'chaos'
  | 'custom';

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

/** Takes the outcome of a call; to be called exactly once. It never throws. */
export type Done = (outcome: Outcome<unknown>) => void;

/** As {@link Next}, but calls back: a pipeline of steps makes one promise for a whole call, not one for each policy. */
export type Step = (ctx: PolicyContext, done: Done) => void;

/** Turns a breaker by hand. */
export interface BreakerControl {
  /** Refuses every call with `CIRCUIT_ISOLATED` until {@link BreakerControl.close}. With a key only the breaker of that key; without one all of now. */
  isolate(key?: string): void;
  /** Closes, whatever the state was, and forgets what was counted. With a key only the breaker of that key; without one all of now. */
  close(key?: string): void;
  /** The state of the breaker of a key, or of the one for all. Of a key without a breaker: `closed`. */
  state(key?: string): BreakerState;
}

/** A policy inside one pipeline. It has `run` or `step`; with both, `step` is used. */
export interface BoundPolicy {
  /** Runs the call. Must end when `ctx` is aborted, and must not reject. The simple form, for a policy of your own. */
  run?(ctx: PolicyContext, next: Next): Promise<Outcome<unknown>>;
  /** As `run`, without a promise. What it throws before it called `next` or `done` ends the call; after that it must not throw. */
  step?(ctx: PolicyContext, next: Step, done: Done): void;
  /** The state as it is now; undefined when the policy has none. */
  snapshot?(): PolicySnapshot;
  /**
   * Goes on under the options of another policy of the same name, and keeps its state. Must not throw. Without it a policy is bound
   * anew when its pipeline is reconfigured: leave it out only when there is no state to lose.
   */
  reconfigure?(policy: Policy): void;
  /** Only of a breaker. */
  readonly breaker?: BreakerControl;
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
  /** Options that `reconfigure` must leave as they are, because the state has their shape. Default: none. */
  readonly fixed?: readonly string[];
}

/** Outer to inner, each with the reason why it stands outside of those below. */
const ORDER: Readonly<Record<Exclude<PolicyKind, 'custom'>, string>> = {
  fallback: 'it sees every end of a call',
  deadline: 'it bounds all attempts and the waits between them',
  throttle: 'what it refuses takes no place',
  bulkhead: 'a call without a place must take no permit',
  'rate-limit': 'a retry takes no permit',
  retry: 'every attempt must ask the breaker and have its own timeout',
  hedge: 'every hedge must ask the breaker and have its own timeout',
  breaker: 'it must see a timed-out attempt as a failure',
  timeout: 'it must end what chaos makes slow',
  chaos: '',
};

/**
 * Refuses policies in a wrong order and two of a kind. Custom policies may stand anywhere.
 *
 * @throws ResilienceError `POLICY_ORDER`
 */
export function checkOrder(pipeline: string, policies: readonly Policy[]): void {
  let outer: { readonly name: string; readonly rank: number } | undefined;
  for (const policy of policies) {
    const { kind } = policy;
    if (kind === 'custom') continue;
    const rank = Object.keys(ORDER).indexOf(kind);
    if (outer !== undefined && rank <= outer.rank) {
      const why =
        rank === outer.rank ? `one ${kind} policy is enough` : `${policy.name} must stand outside of ${outer.name}: ${ORDER[kind]}`;
      throw new ResilienceError('POLICY_ORDER', `pipeline ${pipeline}: ${why}`, { policy: policy.name, pipeline });
    }
    outer = { name: policy.name, rank };
  }
}

/** What a policy that throws makes of a call. */
export function broken(ctx: PolicyContext, error: unknown): Outcome<unknown> {
  return { ok: false, error, kind: 'ignored', attempts: ctx.attempts, retryAfterMs: undefined };
}

/** Puts a policy around a step. Whatever the policy throws or rejects with becomes an outcome. */
export function around(bound: BoundPolicy, inner: Step): Step {
  if (bound.step !== undefined) {
    const policy = bound as BoundPolicy & { step: NonNullable<BoundPolicy['step']> };
    return (ctx, done) => {
      try {
        policy.step(ctx, inner, done);
      } catch (error) {
        done(broken(ctx, error));
      }
    };
  }
  const next: Next = (ctx) =>
    new Promise((resolve) => {
      ctx.refresh();
      inner(ctx, resolve);
    });
  const settle = async (ctx: PolicyContext, done: Done): Promise<void> => {
    let outcome: Outcome<unknown>;
    try {
      if (bound.run === undefined) throw new TypeError('a policy must have run or step');
      outcome = await bound.run(ctx, next);
    } catch (error) {
      outcome = broken(ctx, error);
    }
    ctx.refresh();
    done(outcome);
  };
  return (ctx, done) => void settle(ctx, done);
}

import { Breaker, type BreakerSettings, type BreakerWindow, type Refusal } from './breaker.ts';
import type { CallContext } from './context.ts';
import type { BreakerState, PolicySnapshot } from './events.ts';
import type { BoundPolicy, Policy, PolicyHost } from './policy.ts';

/** A circuit breaker as a policy: its name, its window and its settings. */
export interface BreakerDefinition {
  /** Shown in errors, events and metrics. */
  readonly name: string;
  /** As `describe()` shows them. */
  readonly options: object;
  readonly settings: BreakerSettings;
  /** Makes the window of one breaker. */
  readonly createWindow: (host: PolicyHost) => BreakerWindow;
  /** Gives each call a key: one breaker for each key. */
  readonly key: ((ctx: CallContext) => string | undefined) | undefined;
  /** Most breakers kept when `key` is set. */
  readonly maxKeys: number;
}

/** How many of the oldest are looked at when one must be forgotten, so that the cost of a call stays flat. */
const LOOK_AT = 8;

const WHY: Readonly<Record<Refusal['reason'], string>> = {
  open: 'the circuit is open',
  half_open: 'the circuit is half-open and its probes are out',
  isolated: 'the circuit was isolated by hand',
};

/** Forgets the oldest closed one of a few; else the oldest that nobody isolated; else the oldest. */
function forget(breakers: Map<string | undefined, Breaker>): void {
  let [victim, best, seen] = [undefined as string | undefined, -1, 0];
  for (const [key, { state }] of breakers) {
    const rank = state === 'closed' ? 2 : state === 'isolated' ? 0 : 1;
    if (rank > best) [victim, best] = [key, rank];
    seen += 1;
    if (rank === 2 || seen === LOOK_AT) break;
  }
  breakers.get(victim)?.dispose();
  breakers.delete(victim);
}

function bindBreakers({ name: policy, settings, createWindow, key: keyOf, maxKeys }: BreakerDefinition, host: PolicyHost): BoundPolicy {
  const { pipeline, clock, random, emit } = host;
  /** Least recently used first. */
  const breakers = new Map<string | undefined, Breaker>();

  function add(key: string | undefined): Breaker {
    if (breakers.size >= maxKeys) forget(breakers);
    const changed = (from: BreakerState, to: BreakerState): void => emit({ type: 'transition', pipeline, policy, key, from, to });
    const breaker = new Breaker(settings, createWindow(host), clock, random, changed);
    breakers.set(key, breaker);
    return breaker;
  }

  function of(key: string | undefined): Breaker {
    const found = breakers.get(key);
    if (found === undefined) return add(key);
    breakers.delete(key);
    breakers.set(key, found);
    return found;
  }

  const single = keyOf === undefined ? add(undefined) : undefined;
  const some = (key: string | undefined): Iterable<Breaker> => (key !== undefined && single === undefined ? [of(key)] : breakers.values());

  return {
    step(ctx, next, done) {
      const breaker = single ?? of(keyOf?.(ctx));
      const startedAt = ctx.now;
      const ticket = breaker.admit(startedAt);
      if ('reason' in ticket) {
        const { reason, retryAfterMs } = ticket;
        done(ctx.refuse(policy, reason === 'isolated' ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN', reason, WHY[reason], retryAfterMs));
        return;
      }
      next(ctx, (outcome) => {
        const { now } = ctx;
        breaker.settle(ticket, outcome.kind, now - startedAt, now);
        done(outcome);
      });
    },
    snapshot(): PolicySnapshot {
      const count = { closed: 0, open: 0, half_open: 0, isolated: 0 };
      for (const { state } of breakers.values()) count[state] += 1;
      return { breakers: count };
    },
    breaker: {
      isolate(key) {
        for (const breaker of some(key)) breaker.isolate();
      },
      close(key) {
        for (const breaker of some(key)) breaker.close(clock.now());
      },
    },
  };
}

/**
 * A circuit breaker with a window of your own, for authors of policies: the state machine, the half-open probes, the keys
 * and the events are those of every breaker of this package. The state moves from open to half-open with the first call
 * after the open time.
 *
 * @example
 * ```ts
 * import { breakerPolicy, fixed, pipeline } from '@nines/resilience';
 *
 * const settings = { open: fixed(1_000), permits: 1, probeFailureRate: 1, probeTimeoutMs: 1_000 };
 * const never = { slowCallMs: Infinity, slowCallRate: 2, metricsOnly: false };
 * const fuse = breakerPolicy({
 *   name: 'fuse',
 *   options: {},
 *   settings: { ...settings, ...never },
 *   createWindow: () => ({ record: (_now, ok) => !ok, reset: () => {} }), // the first failure opens
 *   key: undefined,
 *   maxKeys: 1,
 * });
 * const inventory = pipeline('inventory', [fuse]);
 * await inventory.executeOutcome(() => Promise.reject(new Error('down')));
 * console.log((await inventory.executeOutcome(() => 42)).kind); // rejected
 * ```
 */
export function breakerPolicy(definition: BreakerDefinition): Policy {
  const { name, options } = definition;
  return { name, kind: 'breaker', options, bind: (host) => bindBreakers(definition, host) };
}

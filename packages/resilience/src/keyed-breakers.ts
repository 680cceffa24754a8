import { Breaker, type BreakerOwner, type BreakerSettings, type BreakerWindow, type Refusal } from './breaker.ts';
import type { CallContext } from './policy-context.ts';
import type { PolicySnapshot } from './events.ts';
import type { BoundPolicy, Policy, PolicyHost } from './policy.ts';

/** A circuit breaker as a policy: its name, its window and its settings. */
export interface BreakerDefinition {
  /** Shown in errors, events and metrics. */
  readonly name: string;
  /** As `describe()` shows them. */
  readonly options: object;
  readonly settings: BreakerSettings;
  /** Makes the window of one breaker. When the pipeline is reconfigured it is given the window of each breaker, and gives it back with the new options. */
  readonly createWindow: (host: PolicyHost, previous?: BreakerWindow) => BreakerWindow;
  /** Options that `reconfigure` must leave as they are, because they are the shape of the window. Default: none. */
  readonly fixed?: readonly string[];
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

/** How gladly one is forgotten: a closed one that was not used since it was last looked at most, an isolated one least. */
function worthless({ state, used }: Breaker): number {
  if (state === 'closed') return used ? 2 : 3;
  return state === 'isolated' ? 0 : 1;
}

/** Looks at a few from the front; those that were used go to the end and must be used anew to stay. */
function forget(breakers: Map<string | undefined, Breaker>): void {
  let [victim, best, seen] = [undefined as string | undefined, -1, 0];
  for (const [key, breaker] of breakers) {
    const worth = worthless(breaker);
    if (worth > best) [victim, best] = [key, worth];
    seen += 1;
    if (best === 3 || seen === LOOK_AT) break;
    if (breaker.used) {
      breaker.used = false;
      breakers.delete(key);
      breakers.set(key, breaker);
    }
  }
  breakers.get(victim)?.dispose();
  breakers.delete(victim);
}

interface BreakerPolicy extends Policy {
  readonly definition: BreakerDefinition;
}

/** The breakers of one policy in one pipeline. */
function bindBreakers(first: BreakerDefinition, host: PolicyHost): BoundPolicy {
  const { pipeline, clock, random, emit } = host;
  /** In the order in which they came. One that was used goes to the end only when somebody must be forgotten (second chance). */
  const breakers = new Map<string | undefined, Breaker>();
  let definition = first;
  const owner: BreakerOwner = {
    clock,
    random,
    settings: definition.settings,
    changed: (key, from, to) => emit({ type: 'transition', pipeline, policy: definition.name, key, from, to }),
  };

  function of(key: string | undefined): Breaker {
    let breaker = breakers.get(key);
    if (breaker !== undefined) breaker.used = true;
    else {
      if (breakers.size >= definition.maxKeys) forget(breakers);
      breaker = new Breaker(owner, key, definition.createWindow(host));
      breakers.set(key, breaker);
    }
    return breaker;
  }

  /** Without a key function there is one breaker, for every key. */
  const own = (key: string | undefined): string | undefined => (definition.key === undefined ? undefined : key);
  const some = (key: string | undefined): Iterable<Breaker> => (own(key) === undefined ? breakers.values() : [of(key)]);
  if (definition.key === undefined) of(undefined);

  return {
    step(ctx, next, done) {
      const { name, key } = definition;
      const breaker = of(key?.(ctx));
      const startedAt = ctx.now;
      const ticket = breaker.admit(startedAt);
      if ('reason' in ticket) {
        const { reason, retryAfterMs } = ticket;
        done(ctx.refuse(name, reason === 'isolated' ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN', reason, WHY[reason], retryAfterMs));
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
    reconfigure(policy) {
      ({ definition } = policy as BreakerPolicy);
      owner.settings = definition.settings;
      for (const breaker of breakers.values()) breaker.window = definition.createWindow(host, breaker.window);
      while (breakers.size > definition.maxKeys) forget(breakers);
    },
    breaker: {
      isolate(key) {
        for (const breaker of some(key)) breaker.isolate();
      },
      close(key) {
        for (const breaker of some(key)) breaker.close(clock.now());
      },
      state: (key) => breakers.get(own(key))?.state ?? 'closed',
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
  const { name, options, fixed = [] } = definition;
  const policy: BreakerPolicy = { name, kind: 'breaker', options, fixed, definition, bind: (host) => bindBreakers(definition, host) };
  return policy;
}

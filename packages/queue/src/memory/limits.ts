import type { ResolvedQueueOptions } from '../options.ts';

/** How many jobs a rate and a cap leave; what `limit.lua` does. */
export interface Allowance {
  readonly left: number;
  /** Takes off what was claimed; returns when to come back for tokens, in ms, where there is none now. */
  readonly spend: (claimed: number) => number | undefined;
}

/** When the next job would come at an even pace: in ms, and the rest in 1/count ms, so that nothing is rounded. */
export interface RateState {
  at: number;
  rest: number;
}

const UNLIMITED: Allowance = Object.freeze({ left: Number.POSITIVE_INFINITY, spend: () => undefined });

export function allowance(
  { rateLimit, globalConcurrency }: ResolvedQueueOptions,
  state: RateState,
  now: number,
  active: number,
): Allowance {
  const rate = rateLimit === undefined ? UNLIMITED : rateAllowance(rateLimit, state, now);
  const cap = globalConcurrency === undefined ? Number.POSITIVE_INFINITY : Math.max(0, globalConcurrency - active);
  return { left: Math.min(rate.left, cap), spend: rate.spend };
}

/** A GCRA (ITU-T I.371). */
function rateAllowance({ count, perMs }: NonNullable<ResolvedQueueOptions['rateLimit']>, state: RateState, now: number): Allowance {
  let { at, rest } = state;
  if (at < now) [at, rest] = [now, 0];
  // The clock went back: at worst one `perMs` of silence comes of it.
  const astray = at > now + perMs;
  if (astray) [at, rest] = [now + perMs, 0];
  return {
    left: Math.max(0, Math.floor(((now + perMs - at) * count - rest) / perMs)),
    spend(claimed) {
      const sum = rest + claimed * perMs;
      const after = { at: at + Math.floor(sum / count), rest: sum % count };
      if (claimed > 0 || astray) Object.assign(state, after);
      const nextAt = after.at - perMs + Math.ceil((after.rest + perMs) / count);
      // Not for each of many tokens alone: a quarter of a span, and 10 ms, lose none.
      return nextAt > now ? Math.max(nextAt - now, Math.min(10, Math.floor(perMs / 4))) : undefined;
    },
  };
}

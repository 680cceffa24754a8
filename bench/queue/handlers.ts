import { setTimeout as wait } from 'node:timers/promises';
import type { Order } from './order.ts';

/** What a handler waits, as a function; undefined for one that does nothing. */
export function handlerOf({ handler }: Order): (() => Promise<unknown>) | undefined {
  if (handler === 'none') return undefined;
  if (handler === '5 ms') return () => wait(5);
  const random = lcg(7);
  return () => wait(logNormal(random));
}

/** 1 to 50 ms: log-normal with median 10 ms and sigma 0.8, cut at both ends; its mean is about 13 ms. */
function logNormal(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(50, Math.max(1, 10 * Math.exp(0.8 * normal)));
}

/** The same sequence in every run and for every peer. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

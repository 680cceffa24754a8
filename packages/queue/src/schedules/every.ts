import { hash } from 'node:crypto';
import type { Timing } from './timing.ts';

/**
 * Ticks at the whole multiples of a period since 1970, so that all processes, and all lives of a schedule, have the same ticks.
 * Jitter moves each of them by up to `jitterMs`, always by the same: it follows from the name and the multiple.
 */
export function everyTiming(name: string, everyMs: number, jitterMs: number): Timing {
  const at = (multiple: number) => multiple * everyMs + jitter(`${name} ${multiple}`, jitterMs);
  return {
    next(afterMs) {
      const multiple = Math.floor(afterMs / everyMs);
      return at(multiple) > afterMs ? at(multiple) : at(multiple + 1);
    },
    latest(fromMs, untilMs, max) {
      const ticks: number[] = [];
      const last = Math.floor(untilMs / everyMs);
      for (let multiple = at(last) > untilMs ? last - 1 : last; ticks.length < max && at(multiple) >= fromMs; multiple -= 1)
        ticks.push(at(multiple));
      return ticks.toReversed();
    },
  };
}

function jitter(seed: string, maxMs: number): number {
  return maxMs === 0 ? 0 : hash('sha256', seed, 'buffer').readUInt32BE() % (maxMs + 1);
}

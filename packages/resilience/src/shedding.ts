import { CRITICALITIES, type Criticality, ResilienceError } from '@nines/resilience';

/** The load, 0 to 1, from which work of each criticality is shed. What matters less is shed no later than what matters more. */
export type ShedFrom = Readonly<Record<Criticality, number>>;

/** All of a place for the most important, half of it for the least. */
export const SHED_FROM: ShedFrom = Object.freeze({ 'critical+': 1, critical: 0.9, 'sheddable+': 0.7, sheddable: 0.5 });

/** Nothing is shed before all is taken. */
export const SHED_NONE: ShedFrom = Object.freeze({ 'critical+': 1, critical: 1, 'sheddable+': 1, sheddable: 1 });

/**
 * Fills the levels from {@link SHED_FROM} and checks them: what matters less is shed first, or the levels mean nothing.
 *
 * @throws ResilienceError `INVALID_OPTION`
 */
export function resolveShedFrom(owner: string, given: object): ShedFrom {
  const levels: Readonly<Record<string, unknown>> = { ...SHED_FROM, ...given };
  let above = 1;
  for (const level of CRITICALITIES) {
    const from = levels[level];
    if (typeof from !== 'number' || !(from > 0 && from <= above)) {
      throw new ResilienceError('INVALID_OPTION', `${owner}: shedFrom.${level} must be above 0 and at most ${above}, got ${String(from)}`);
    }
    above = from;
  }
  const unknown = Object.keys(levels).find((level) => !(CRITICALITIES as readonly string[]).includes(level));
  if (unknown !== undefined) {
    throw new ResilienceError('INVALID_OPTION', `${owner}: unknown criticality ${unknown.slice(0, 80)} in shedFrom`);
  }
  return Object.freeze(levels) as ShedFrom;
}

/** Whether work of this criticality is shed at this load, which is what is in use to what there is. */
export function sheds(shedFrom: ShedFrom, criticality: Criticality, load: number): boolean {
  return load >= shedFrom[criticality];
}

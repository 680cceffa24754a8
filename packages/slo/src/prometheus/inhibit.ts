import type { Slo } from '@nines/slo';

/** A rule of Alertmanager: while the source fires, the target is silent, where the labels in `equal` agree. */
export interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

/**
 * Inhibit rules for Alertmanager: of one objective's alerts only the quickest that fires is sent. Nobody is called twice for one outage, and when
 * the quick one ends, the slower ones say whether it is over. They hold for every objective of the robust layout; put them under `inhibit_rules`.
 *
 * @param slos - the objectives that have rules
 * @returns one rule for each tier that has slower ones
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { inhibitRules } from '@nines/slo/prometheus';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * console.log(inhibitRules([slo])[0]?.target_matchers.join()); // slo_tier=~"2|3|4"
 * ```
 */
export function inhibitRules(slos: readonly Slo[]): readonly InhibitRule[] {
  const tiers = Math.max(0, ...slos.map(({ alerting }) => alerting?.windows.length ?? 0));
  return Array.from({ length: Math.max(0, tiers - 1) }, (_, index) => {
    const slower = Array.from({ length: tiers - index - 1 }, (_unused, step) => index + step + 2);
    return {
      source_matchers: [`slo_tier="${index + 1}"`],
      target_matchers: [`slo_tier=~"${slower.join('|')}"`],
      equal: ['service', 'slo'],
    };
  });
}

import { burnRateFactor, errorRatioThreshold } from '../alerting.ts';
import { readDuration } from '../duration.ts';
import type { Slo } from '../objective.ts';

/** One alert of a policy as numbers. */
export interface AlertRule {
  readonly name: string;
  readonly severity: 'page' | 'ticket';
  /** Every window must be above the threshold; seconds, the longest first. */
  readonly windows: readonly number[];
  /** The error ratio above which it fires. */
  readonly threshold: number;
  /** How long the condition must hold. */
  readonly forSeconds: number;
  /** With low traffic: the lower Wilson bound with this quantile is compared, instead of the observed ratio. */
  readonly z?: number;
}

/** The alerts of an objective's policy. */
export function rulesOf(slo: Slo): AlertRule[] {
  const period = slo.window.duration;
  const pairs = [['2%', '1h', '5m', 'page'], ['5%', '6h', '30m', 'page'], ['10%', '1d', '2h', 'ticket'], ['10%', '3d', '6h', 'ticket']] as const;
  return pairs.map(([budget, longWindow, shortWindow, severity]) => ({
    name: `${severity}-${longWindow}`,
    severity,
    windows: [readDuration('longWindow', longWindow), readDuration('shortWindow', shortWindow)],
    threshold: errorRatioThreshold(slo, { factor: burnRateFactor({ budget, longWindow, period }) }),
    forSeconds: 0,
  }));
}

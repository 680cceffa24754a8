import { alertsOf } from '../alerts.ts';
import { normalQuantile } from '../distribution.ts';
import { readDuration } from '../duration.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { readConfidence, type AlertSeverity } from '../policy.ts';

/** One alert of a policy as numbers. */
export interface AlertRule {
  /** Severity and long window: `page 1h`. */
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  /** The error ratio above which it fires, in both windows. */
  readonly threshold: number;
  /** How long the condition must hold. */
  readonly forSeconds: number;
  /** With low traffic: the lower Wilson bound of the long window, with this quantile, must be above the threshold too. */
  readonly z: number | undefined;
}

/** The alerts of an objective's policy. */
export function rulesOf(where: string, slo: Slo): AlertRule[] {
  if (slo.alerting === undefined) {
    throw new SloError('INVALID_OPTION', `${where} needs an objective with a policy: defineSlo({ …, alerting: googleSre() })`);
  }
  const confidence = slo.alerting.lowTraffic?.confidence;
  const z = confidence === undefined ? undefined : normalQuantile((1 + readConfidence(confidence).toNumber()) / 2);
  return alertsOf(slo).map(({ severity, longWindow, longSeconds, shortSeconds, threshold, for: wait }) => ({
    name: `${severity} ${longWindow}`,
    severity,
    longSeconds,
    shortSeconds,
    threshold,
    forSeconds: wait === undefined ? 0 : readDuration('for', wait),
    z,
  }));
}

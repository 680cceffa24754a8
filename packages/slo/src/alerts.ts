import { readQuantity, readRatio } from './decimal.ts';
import { readDuration, type Duration } from './duration.ts';
import { SloError } from './errors.ts';
import { checkPolicy, type AlertPolicy, type AlertSeverity, type AlertWindow } from './policy.ts';
import { one, Rational } from './rational.ts';
import type { SloWindow } from './window.ts';

/** One alert of an objective, with the numbers worked out. */
export interface Alert {
  /** 1 is the quickest, as in the policy's order. */
  readonly tier: number;
  readonly severity: AlertSeverity;
  readonly longWindow: Duration;
  readonly shortWindow: Duration;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  /** The wait of the rule, if any. */
  readonly for?: Duration;
  /** The share of the budget that is spent when burning at `factor` for the long window. */
  readonly budget: number;
  /** The burn rate above which it fires. */
  readonly factor: number;
  /** The error ratio above which it fires: factor × (1 - target), the nearest double to the exact value. */
  readonly threshold: number;
}

/** What alerts are worked out from; an `Slo` is one. */
export interface AlertSource {
  readonly objective: string;
  readonly window: SloWindow;
  readonly alerting?: AlertPolicy;
}

/**
 * The alerts of an objective: each pair of windows with its factor and its threshold. Without `alerting` there are none.
 *
 * Formulas: see `burnRateFactor` and `errorRatioThreshold`.
 *
 * @param slo - the objective
 * @returns frozen alerts, quickest first; one that cannot fire is left out when the policy says `drop`
 * @throws SloError `INVALID_WINDOW` when an alert looks back further than the objective; `UNREACHABLE_ALERT` when not even a total outage would fire it
 * @example
 * ```ts
 * import { alertsOf, defineSlo, googleSre, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * console.log(alertsOf(slo).map(({ factor, threshold }) => `${factor}: ${threshold}`).join(', ')); // 14.4: 0.0144, 6: 0.006, 3: 0.003, 1: 0.001
 * ```
 */
export function alertsOf(slo: AlertSource): readonly Alert[] {
  if (slo.alerting === undefined) return [];
  const { windows, unreachable } = checkPolicy(slo.alerting);
  const budget = one.minus(readQuantity('objective', slo.objective));
  const found: Alert[] = [];
  for (const [index, window] of windows.entries()) {
    const alert = resolve(slo, budget, window, index);
    if (alert.threshold < 1) found.push(alert);
    else if (unreachable === 'refuse') throw unreachableAlert(slo, alert, index);
  }
  return Object.freeze(found);
}

function resolve(slo: AlertSource, budget: Rational, window: AlertWindow, index: number): Alert {
  const period = whole(slo.window.seconds);
  const longSeconds = readDuration('longWindow', window.longWindow);
  if (longSeconds > slo.window.seconds) {
    throw new SloError(
      'INVALID_WINDOW',
      `alerting.windows[${index}].longWindow must be at most the objective's window (${slo.window.duration}), got ${window.longWindow}`,
    );
  }
  const share = window.budget === undefined ? undefined : readRatio('budget', window.budget);
  const factor = share?.times(period).dividedBy(whole(longSeconds)) ?? readQuantity('factor', window.factor ?? 0);
  return Object.freeze({
    tier: index + 1,
    severity: window.severity,
    longWindow: window.longWindow,
    shortWindow: window.shortWindow,
    longSeconds,
    shortSeconds: readDuration('shortWindow', window.shortWindow),
    ...(window.for === undefined ? {} : { for: window.for }),
    budget: (share ?? factor.times(whole(longSeconds)).dividedBy(period)).toNumber(),
    factor: factor.toNumber(),
    threshold: factor.times(budget).toNumber(),
  });
}

function unreachableAlert(slo: AlertSource, { longWindow, factor, threshold }: Alert, index: number): SloError {
  const way = `leave it out, lower its budget, or say unreachable: 'drop'`;
  return new SloError(
    'UNREACHABLE_ALERT',
    `alerting.windows[${index}] (${longWindow}, factor ${factor}) can never fire for an objective of ${slo.objective}: its error ratio must be above ${threshold}, and 1 is the most; ${way}`,
  );
}

function whole(seconds: number): Rational {
  return new Rational(BigInt(seconds));
}

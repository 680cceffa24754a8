import { readQuantity, readRatio, type DecimalInput } from './decimal.ts';
import { readDuration, type Duration } from './duration.ts';
import { SloError } from './errors.ts';
import { checkOptions } from './options.ts';
import { one, Rational, zero } from './rational.ts';
import { show } from './show.ts';

/** Who is called: `page` wakes somebody up, `ticket` waits for the morning. */
export type AlertSeverity = 'page' | 'ticket';

/** One alert of a policy: a long window that is sure, and a short one that ends the alert soon after the outage. */
export interface AlertWindow {
  readonly severity: AlertSeverity;
  /** For example `1h`. */
  readonly longWindow: Duration;
  /** Shorter than the long one, a twelfth of it as a rule: `5m`. */
  readonly shortWindow: Duration;
  /** The share of the budget that may be gone within the long window when the alert fires: `'2%'`. Either this or `factor`. */
  readonly budget?: DecimalInput;
  /** The burn rate at which the alert fires. Either this or `budget`. */
  readonly factor?: DecimalInput;
  /** How long the condition must hold, as in a rule's `for`. Default: not at all. */
  readonly for?: Duration;
}

/** Which alerts an objective has: plain frozen data. */
export interface AlertPolicy {
  /** Where the numbers come from: `google-sre`, `pyrra`. */
  readonly name: string;
  readonly windows: readonly AlertWindow[];
  /** For services with few events: an alert also needs the lower Wilson bound of the long window's error ratio above the threshold. */
  readonly lowTraffic?: { readonly confidence: DecimalInput };
  /** What happens to an alert that not even a total outage would fire: `refuse` the objective, or `drop` the alert. */
  readonly unreachable: 'refuse' | 'drop';
}

/** What `googleSre` takes. */
export interface PolicyOptions {
  /** Default: the workbook's four pairs. 1 to 10. */
  readonly windows?: readonly AlertWindow[];
  /** Confidence, two-sided, for services with few events: `'98%'`. Default: not asked for. */
  readonly lowTraffic?: { readonly confidence: DecimalInput };
  /** Default `refuse`: better to learn it now than in the first outage. */
  readonly unreachable?: 'refuse' | 'drop';
}

const workbook: readonly AlertWindow[] = [
  { severity: 'page', budget: '2%', longWindow: '1h', shortWindow: '5m' },
  { severity: 'page', budget: '5%', longWindow: '6h', shortWindow: '30m' },
  { severity: 'ticket', budget: '10%', longWindow: '1d', shortWindow: '2h' },
  { severity: 'ticket', budget: '10%', longWindow: '3d', shortWindow: '6h' },
];

/**
 * The workbook's multiwindow, multi-burn-rate alerts, as four separate ones: page at 2 % of the budget in 1 h and at 5 % in 6 h, ticket at 10 %
 * in 1 d and in 3 d. One alert that joins two pairs with `or` pages on after the outage until the slower pair resets (29 minutes after an hour,
 * not 5), so they stay apart and the quicker one inhibits the slower.
 *
 * Source: Google, The Site Reliability Workbook, chapter 5, table 5-8 and the rule of section 6 (its 24h/2h pair is not in the table).
 *
 * @param options - other windows, statistics for low traffic, what to do with an alert that cannot fire
 * @returns a frozen policy
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `INVALID_WINDOW`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { googleSre } from '@nines/slo';
 *
 * console.log(googleSre().windows.map(({ severity, longWindow }) => `${severity} ${longWindow}`).join(', ')); // page 1h, page 6h, ticket 1d, ticket 3d
 * ```
 */
export function googleSre(options: PolicyOptions = {}): AlertPolicy {
  checkOptions('googleSre', options, ['windows', 'lowTraffic', 'unreachable']);
  return checkPolicy({ name: 'google-sre', unreachable: 'refuse', ...options, windows: options.windows ?? workbook });
}

/** Factor, and the lengths for a window of 28 days in seconds. */
const pyrraWindows = [
  { severity: 'page', factor: 14, long: 3_600, short: 300, for: 120 },
  { severity: 'page', factor: 7, long: 21_600, short: 1_800, for: 900 },
  { severity: 'ticket', factor: 2, long: 86_400, short: 7_200, for: 3_600 },
  { severity: 'ticket', factor: 1, long: 345_600, short: 21_600, for: 10_800 },
] as const;

/**
 * The windows of pyrra: fixed factors 14, 7, 2 and 1, and windows that grow with the objective's, rounded to the minute.
 *
 * Source: pyrra, `slo/rules.go`, function `Windows`.
 *
 * @param options - `period`: the objective's window, for example `28d`
 * @returns a frozen policy
 * @throws SloError `INVALID_DURATION`, `INVALID_WINDOW`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { pyrra } from '@nines/slo';
 *
 * console.log(pyrra({ period: '28d' }).windows.map(({ factor, longWindow }) => `${factor} ${longWindow}`).join(', ')); // 14 3600s, 7 21600s, 2 86400s, 1 345600s
 * ```
 */
export function pyrra(options: { readonly period: Duration }): AlertPolicy {
  checkOptions('pyrra', options, ['period']);
  const period = readDuration('period', options.period);
  const scaled = (seconds: number): Duration => `${Math.round((seconds * period) / (28 * 86_400) / 60) * 60}s`;
  const windows = pyrraWindows.map(({ severity, factor, long, short, for: wait }) => ({
    severity,
    factor,
    longWindow: scaled(long),
    shortWindow: scaled(short),
    for: scaled(wait),
  }));
  return checkPolicy({ name: 'pyrra', unreachable: 'refuse', windows });
}

/** Checks a policy, whoever made it, and freezes a copy. */
export function checkPolicy(policy: AlertPolicy): AlertPolicy {
  checkOptions('alerting', policy, ['name', 'windows', 'lowTraffic', 'unreachable']);
  const { name, windows, lowTraffic, unreachable } = policy;
  if (!Array.isArray(windows) || windows.length < 1 || windows.length > 10) {
    throw new SloError('INVALID_OPTION', `windows must be a list of 1 to 10 alerts, got ${show(windows)}`);
  }
  if (unreachable !== 'refuse' && unreachable !== 'drop') {
    throw new SloError('INVALID_OPTION', `unreachable must be refuse or drop, got ${show(unreachable)}`);
  }
  const checked = Object.freeze(windows.map((window, index) => checkAlertWindow(`windows[${index}]`, window)));
  if (lowTraffic === undefined) return Object.freeze({ name, windows: checked, unreachable });
  checkOptions('lowTraffic', lowTraffic, ['confidence']);
  readConfidence(lowTraffic.confidence);
  return Object.freeze({ name, windows: checked, unreachable, lowTraffic: Object.freeze({ ...lowTraffic }) });
}

/** A confidence: at least 50 %, less than 100 %. */
export function readConfidence(input: DecimalInput): Rational {
  const confidence = readQuantity('confidence', input);
  if (confidence.isLessThan(new Rational(1n, 2n)) || !confidence.isLessThan(one)) {
    throw new SloError('INVALID_OPTION', `confidence must be at least 50% and less than 100%, such as '95%', got ${show(input)}`);
  }
  return confidence;
}

function checkAlertWindow(at: string, window: AlertWindow): AlertWindow {
  checkOptions(at, window, ['severity', 'longWindow', 'shortWindow', 'budget', 'factor', 'for']);
  const { severity, longWindow, shortWindow, budget, factor } = window;
  if (severity !== 'page' && severity !== 'ticket') {
    throw new SloError('INVALID_OPTION', `${at}.severity must be page or ticket, got ${show(severity)}`);
  }
  if (readDuration(`${at}.shortWindow`, shortWindow) >= readDuration(`${at}.longWindow`, longWindow)) {
    throw new SloError('INVALID_WINDOW', `${at}.shortWindow must be shorter than longWindow (${longWindow}), got ${show(shortWindow)}`);
  }
  if ((budget === undefined) === (factor === undefined)) {
    throw new SloError('INVALID_OPTION', `${at} must have either budget, such as '2%', or factor, such as 14.4`);
  }
  const amount = budget === undefined ? readQuantity(`${at}.factor`, factor ?? 0) : readRatio(`${at}.budget`, budget);
  if (!zero.isLessThan(amount)) {
    throw new SloError('INVALID_OPTION', `${at} must have a budget or factor of more than 0, got ${show(budget ?? factor)}`);
  }
  if (window.for !== undefined) readDuration(`${at}.for`, window.for);
  return Object.freeze({ ...window });
}

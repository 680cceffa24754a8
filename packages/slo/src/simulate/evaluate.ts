import type { EventHistory } from './history.ts';
import type { AlertRule } from './rules.ts';

/** One time an alert fired. Times are seconds on the history's own clock. */
export interface Firing {
  readonly alert: string;
  readonly severity: AlertRule['severity'];
  /** When its condition became true; before `firedSeconds` when the rule has a `for`. */
  readonly activeSeconds: number;
  readonly firedSeconds: number;
  /** The first evaluation at which it was silent again; undefined when it still fires at the end. */
  readonly resolvedSeconds: number | undefined;
}

/** Whether a rule's condition holds at each reading. */
export type Condition = (rule: AlertRule, reading: number) => boolean;

/** The firings of each rule, in order of time: at each reading the condition is looked at once, as Prometheus does. */
export function firingsOf(
  rules: readonly AlertRule[],
  { readings, startSeconds, stepSeconds }: { readonly readings: number; readonly startSeconds: number; readonly stepSeconds: number },
  holds: Condition,
): Firing[] {
  const firings: Firing[] = [];
  for (const rule of rules) {
    let active: number | undefined;
    let fired: number | undefined;
    const end = (resolvedSeconds: number | undefined) => {
      if (active !== undefined && fired !== undefined) {
        firings.push({ alert: rule.name, severity: rule.severity, activeSeconds: active, firedSeconds: fired, resolvedSeconds });
      }
      active = undefined;
      fired = undefined;
    };
    for (let reading = 0; reading < readings; reading++) {
      const now = startSeconds + reading * stepSeconds;
      if (!holds(rule, reading)) {
        if (active !== undefined) end(now);
        continue;
      }
      active ??= now;
      if (fired === undefined && now - active >= rule.forSeconds) fired = now;
    }
    end(undefined);
  }
  return firings.sort((a, b) => a.firedSeconds - b.firedSeconds || (a.alert < b.alert ? -1 : 1));
}

/** The condition over counters: in each window more events fail than the threshold says, or surely more when the rule asks for confidence. */
export function overCounters({ total, bad, stepSeconds }: EventHistory): Condition {
  return (rule, reading) => {
    for (const windowSeconds of rule.windows) {
      const from = Math.max(0, reading - Math.round(windowSeconds / stepSeconds));
      const events = total[reading]! - total[from]!;
      const failures = bad[reading]! - bad[from]!;
      if (!(events > 0) || !(ratio(failures, events, rule.z) > rule.threshold)) return false;
    }
    return true;
  };
}

/** The ratio of failures, or with `z` the lower Wilson bound of it. */
export function ratio(failures: number, events: number, z: number | undefined): number {
  const observed = failures / events;
  if (z === undefined) return observed;
  const square = (z * z) / events;
  const middle = observed + square / 2;
  const spread = z * Math.sqrt((observed * (1 - observed)) / events + square / (4 * events));
  return (middle - spread) / (1 + square);
}

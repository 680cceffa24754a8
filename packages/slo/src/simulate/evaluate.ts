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

/** For one rule, whether its condition holds at each reading. */
export type Condition = (rule: AlertRule) => (reading: number) => boolean;

/** The firings of each rule, in order of time: at each reading the condition is looked at once, as Prometheus does. */
export function firingsOf(
  rules: readonly AlertRule[],
  { readings, startSeconds, stepSeconds }: { readonly readings: number; readonly startSeconds: number; readonly stepSeconds: number },
  condition: Condition,
): Firing[] {
  const firings: Firing[] = [];
  for (const rule of rules) {
    const holds = condition(rule);
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
      if (!holds(reading)) {
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

/** The condition over counters: in both windows more events fail than the threshold says, and surely so when the rule asks for confidence. */
export function overCounters({ total, bad, stepSeconds }: EventHistory): Condition {
  return (rule) => {
    const long = Math.round(rule.longSeconds / stepSeconds);
    const short = Math.round(rule.shortSeconds / stepSeconds);
    return (reading) => {
      const [now, failed] = [total[reading]!, bad[reading]!];
      const [since, recent] = [Math.max(0, reading - long), Math.max(0, reading - short)];
      return isAbove(rule, failed - bad[since]!, now - total[since]!) && (failed - bad[recent]!) / (now - total[recent]!) > rule.threshold;
    };
  };
}

/** Whether the long window's failures are above the threshold; no events are above nothing. */
export function isAbove({ threshold, z }: AlertRule, failures: number, events: number): boolean {
  return events > 0 && failures / events > threshold && (z === undefined || wilsonLower(failures, events, z) > threshold);
}

/** The lower Wilson bound in plain numbers: it is asked for at every evaluation. */
function wilsonLower(failures: number, events: number, z: number): number {
  const observed = failures / events;
  const square = (z * z) / events;
  const spread = z * Math.sqrt((observed * (1 - observed)) / events + square / (4 * events));
  return (observed + square / 2 - spread) / (1 + square);
}

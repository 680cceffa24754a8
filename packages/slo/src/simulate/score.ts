import { spentBetween } from './consumption.ts';
import type { Firing } from './evaluate.ts';
import type { EventHistory } from './history.ts';
import type { Outage } from './outage.ts';
import type { AlertRule } from './rules.ts';

/** What one outage did, and what the alerts of one severity made of it. */
export interface OutageOutcome {
  readonly outage: Outage;
  /** The share of the window's error budget that it spent, errors of the background included. */
  readonly budgetSpent: number;
  /** Whether it spent enough to deserve an alert, see `significantBudget`. */
  readonly significant: boolean;
  /** The alert that told first; undefined when none did. */
  readonly alert: string | undefined;
  /** From the outage's start to that alert. */
  readonly detectionSeconds: number | undefined;
  /** From the outage's end until the last of these alerts was silent; undefined when none fired or one still fires. */
  readonly resetSeconds: number | undefined;
  /** The share of the budget that this outage had spent when the alert came. */
  readonly budgetSpentAtAlert: number | undefined;
}

/** How good the alerts of one severity were. */
export interface AlertScore {
  /** Alerts that fired. An alert that fires, is silent and fires again counts twice. */
  readonly fired: number;
  /** Those during or right after a significant outage. */
  readonly right: number;
  /** `right` / `fired`; 1 when nothing fired. */
  readonly precision: number;
  /** The share of the significant outages that were told; 1 when there was none. */
  readonly recall: number;
  readonly outages: readonly OutageOutcome[];
}

export interface Judged {
  readonly history: EventHistory;
  readonly outages: readonly Outage[];
  readonly rules: readonly AlertRule[];
  readonly firings: readonly Firing[];
  /** Bad events that the objective allows in one window. */
  readonly allowed: number;
  /** The share of the budget from which on an outage is significant. */
  readonly significantBudget: number;
}

/** Compares firings with the outages that really were. */
export function score(severity: AlertRule['severity'], judged: Judged): AlertScore {
  const shortest = new Map(judged.rules.map(({ name, shortSeconds, forSeconds }) => [name, shortSeconds + forSeconds]));
  const firings = judged.firings.filter((firing) => firing.severity === severity);
  const tells = (firing: Firing, { startSeconds, seconds }: Outage) =>
    firing.firedSeconds >= startSeconds && firing.firedSeconds <= startSeconds + seconds + (shortest.get(firing.alert) ?? 0);
  const outages = judged.outages.map((outage) =>
    outcome(
      outage,
      firings.filter((firing) => tells(firing, outage)),
      judged,
    ),
  );
  const significant = outages.filter((one) => one.significant);
  const right = firings.filter((firing) => significant.some(({ outage }) => tells(firing, outage))).length;
  const told = significant.filter(({ alert }) => alert !== undefined).length;
  return {
    fired: firings.length,
    right,
    precision: firings.length === 0 ? 1 : right / firings.length,
    recall: significant.length === 0 ? 1 : told / significant.length,
    outages,
  };
}

function outcome(outage: Outage, firings: readonly Firing[], { history, allowed, significantBudget }: Judged): OutageOutcome {
  const { startSeconds, seconds } = outage;
  const spentUntil = (at: number) => spentBetween(history, allowed, startSeconds, at);
  const budgetSpent = spentUntil(startSeconds + seconds);
  const first = firings[0];
  const last = firings.some((one) => one.resolvedSeconds === undefined)
    ? undefined
    : Math.max(...firings.map((one) => one.resolvedSeconds ?? 0));
  return {
    outage,
    budgetSpent,
    significant: budgetSpent >= significantBudget,
    alert: first?.alert,
    detectionSeconds: first === undefined ? undefined : first.firedSeconds - startSeconds,
    resetSeconds: first === undefined || last === undefined ? undefined : Math.max(0, last - startSeconds - seconds),
    budgetSpentAtAlert: first === undefined ? undefined : spentUntil(first.firedSeconds),
  };
}

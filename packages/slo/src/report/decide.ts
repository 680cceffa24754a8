import { readDecimal, readQuantity, type DecimalInput } from '../decimal.ts';
import { SloError } from '../errors.ts';
import { checkOptions } from '../options.ts';
import { show } from '../show.ts';
import { percent, spell } from './moment.ts';
import type { SloReport } from './slo-report.ts';

/** What a team may do now. `ship`: as always; `slow`: smaller steps, reliability first; `freeze`: nothing but what mends it. */
export type Decision = 'ship' | 'slow' | 'freeze';

/** The rules that a team agreed on before it needed them. All may be left out. */
export interface BudgetPolicy {
  /** Slow down when less than this share of the budget is left. Default `25%`. */
  readonly slowBelow?: DecimalInput;
  /** Freeze when less than this share is left, or just as much. Default 0. */
  readonly freezeBelow?: DecimalInput;
  /** Slow down when the budget burns faster than this. Default 2. */
  readonly slowAboveBurnRate?: DecimalInput;
  /** Freeze when the budget burns faster than this. Default 10. */
  readonly freezeAboveBurnRate?: DecimalInput;
  /** What to do when there were too few events to tell. Default `slow`. */
  readonly withoutData?: Decision;
}

/** One rule that applied. */
export interface DecisionReason {
  readonly service: string;
  readonly name: string;
  readonly rule: 'budget-left' | 'burn-rate' | 'no-data' | 'fine';
  readonly decision: Decision;
  /** What was found, as a sentence. */
  readonly text: string;
}

/** What the budget policy says, and why. */
export interface BudgetDecision {
  readonly kind: 'budget-decision';
  /** The strictest of the reasons. */
  readonly decision: Decision;
  /** The strictest first; one for each rule that applied to each report. */
  readonly reasons: readonly DecisionReason[];
}

const defaults = Object.freeze({
  slowBelow: '25%',
  freezeBelow: 0,
  slowAboveBurnRate: 2,
  freezeAboveBurnRate: 10,
  withoutData: 'slow',
} as const);

const strictness: Readonly<Record<Decision, number>> = { ship: 0, slow: 1, freeze: 2 };

/**
 * What the budget policy says about these objectives. The strictest rule of the worst objective decides.
 *
 * @param reports - one report or several, from `sloReport`; at least one
 * @param policy - the agreed limits
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 * import { decide, sloReport } from '@nines/slo/report';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * const report = sloReport(slo, { atMs: Date.UTC(2026, 0, 31), events: { total: 1_000_000, bad: 900 } });
 * console.log(decide(report).decision); // slow
 * ```
 */
export function decide(reports: SloReport | readonly SloReport[], policy: BudgetPolicy = {}): BudgetDecision {
  const limits = readPolicy(policy);
  const list = Array.isArray(reports) ? (reports as readonly SloReport[]) : [reports as SloReport];
  if (list.length === 0 || list.some((one) => one?.kind !== 'slo-report')) {
    throw new SloError('INVALID_OPTION', `decide takes one report of sloReport or a list of them, got ${show(reports)}`);
  }
  const reasons = list.flatMap((report) => reasonsOf(report, limits));
  reasons.sort((a, b) => strictness[b.decision] - strictness[a.decision]);
  return Object.freeze({ kind: 'budget-decision', decision: reasons[0]?.decision ?? 'ship', reasons: Object.freeze(reasons) });
}

interface Limits {
  readonly slowBelow: number;
  readonly freezeBelow: number;
  readonly slowAboveBurnRate: number;
  readonly freezeAboveBurnRate: number;
  readonly withoutData: Decision;
}

function readPolicy(policy: BudgetPolicy): Limits {
  checkOptions('a budget policy', policy, Object.keys(defaults));
  const { withoutData, ...given } = { ...defaults, ...policy };
  if (!Object.hasOwn(strictness, withoutData)) {
    throw new SloError('INVALID_OPTION', `withoutData must be ship, slow or freeze, got ${show(withoutData)}`);
  }
  const limits = {
    slowBelow: readDecimal('slowBelow', given.slowBelow).toNumber(),
    freezeBelow: readDecimal('freezeBelow', given.freezeBelow).toNumber(),
    slowAboveBurnRate: readQuantity('slowAboveBurnRate', given.slowAboveBurnRate).toNumber(),
    freezeAboveBurnRate: readQuantity('freezeAboveBurnRate', given.freezeAboveBurnRate).toNumber(),
    withoutData,
  };
  if (limits.freezeBelow > limits.slowBelow || limits.freezeAboveBurnRate < limits.slowAboveBurnRate) {
    throw new SloError(
      'INVALID_OPTION',
      'a budget policy must freeze later than it slows: freezeBelow ≤ slowBelow, freezeAboveBurnRate ≥ slowAboveBurnRate',
    );
  }
  return limits;
}

function reasonsOf(report: SloReport, limits: Limits): DecisionReason[] {
  const { service, name, budget, burnRate, exhaustionSeconds } = report;
  const reason = (rule: DecisionReason['rule'], decision: Decision, text: string): DecisionReason =>
    Object.freeze({ service, name, rule, decision, text });
  if (report.state === 'no-data') {
    return [reason('no-data', limits.withoutData, `${service} ${name}: ${report.events.total} events are too few to tell`)];
  }
  const left = 1 - budget.consumed;
  const leftText = `${service} ${name}: ${percent(left)} of the error budget is left`;
  const burnText = `${service} ${name}: the budget burns ${burnRate.toFixed(1)} times as fast as allowed`;
  const until = exhaustionSeconds === null || left <= 0 ? '' : `, the rest lasts ${spell(exhaustionSeconds)}`;
  const found: DecisionReason[] = [];
  if (left <= limits.freezeBelow)
    found.push(reason('budget-left', 'freeze', `${leftText}, at most ${percent(limits.freezeBelow)} means freeze`));
  else if (left < limits.slowBelow)
    found.push(reason('budget-left', 'slow', `${leftText}, less than ${percent(limits.slowBelow)} means slow`));
  if (burnRate > limits.freezeAboveBurnRate) found.push(reason('burn-rate', 'freeze', `${burnText}${until}`));
  else if (burnRate > limits.slowAboveBurnRate) found.push(reason('burn-rate', 'slow', `${burnText}${until}`));
  return found.length === 0 ? [reason('fine', 'ship', leftText)] : found;
}

import { SloError } from '../errors.ts';
import { checkOptions, checkText } from '../options.ts';
import { show } from '../show.ts';
import type { BudgetDecision } from './decide.ts';
import type { IncidentReport } from './incident.ts';

/** Something to do, so that it does not happen again. */
export interface ActionItem {
  readonly text: string;
  /** Who does it: a person or a team. */
  readonly owner: string;
  /** `prevent`: it cannot happen again; `mitigate`: it hurts less; `detect`: it is seen sooner. */
  readonly kind: 'prevent' | 'mitigate' | 'detect';
}

/** What `postMortem` takes: what only people know. */
export interface PostMortemOptions {
  /** From `incidentReport`. */
  readonly incident: IncidentReport;
  /** What happened, in a few sentences without blame. */
  readonly summary: string;
  /** What users noticed. */
  readonly impact: string;
  /** Why it could happen; at least one. */
  readonly causes: readonly string[];
  /** What went well. */
  readonly wentWell?: readonly string[];
  /** What went badly. */
  readonly wentBadly?: readonly string[];
  /** Where we were lucky. */
  readonly lucky?: readonly string[];
  readonly actions: readonly ActionItem[];
  /** What the budget policy says since, from `decide`. */
  readonly decision?: BudgetDecision;
}

/** A post-mortem: plain frozen data. */
export interface PostMortem extends Required<Omit<PostMortemOptions, 'decision'>> {
  readonly kind: 'post-mortem';
  readonly decision: BudgetDecision | null;
}

/**
 * A post-mortem without blame: the measured incident, and what people know about it.
 *
 * Shape: Google, Site Reliability Engineering, appendix D, "Example Postmortem".
 *
 * @returns a frozen post-mortem, for `toMarkdown` and `toJson`
 * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { incidentReport, postMortem, toMarkdown } from '@nines/slo/report';
 * import { outage, simulate } from '@nines/slo/simulate';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * const { history } = simulate(slo, { outages: [outage.step({ at: '10d', lasting: '40m', errorRatio: '20%' })], over: '11d' });
 * const incident = incidentReport(slo, { title: 'Checkout fails', history, startMs: 864_000_000, endMs: 866_400_000 });
 * const report = postMortem({ incident, summary: 'A lock.', impact: 'One in five failed.', causes: ['A migration'], actions: [] });
 * console.log(toMarkdown(report).split('\n')[0]); // # Post-mortem: Checkout fails
 * ```
 */
export function postMortem(options: PostMortemOptions): PostMortem {
  checkOptions('postMortem', options, ['incident', 'summary', 'impact', 'causes', 'wentWell', 'wentBadly', 'lucky', 'actions', 'decision']);
  if (options.incident?.kind !== 'incident-report') {
    throw new SloError('INVALID_OPTION', `incident must come from incidentReport, got ${show(options.incident)}`);
  }
  const causes = texts('causes', options.causes);
  if (causes.length === 0) throw new SloError('INVALID_OPTION', 'causes must name at least one');
  return Object.freeze({
    kind: 'post-mortem',
    incident: options.incident,
    summary: checkText('summary', options.summary, 5_000),
    impact: checkText('impact', options.impact, 5_000),
    causes,
    wentWell: texts('wentWell', options.wentWell ?? []),
    wentBadly: texts('wentBadly', options.wentBadly ?? []),
    lucky: texts('lucky', options.lucky ?? []),
    actions: Object.freeze(options.actions.map(checkAction)),
    decision: options.decision ?? null,
  });
}

function checkAction(action: ActionItem, index: number): ActionItem {
  const at = `actions[${index}]`;
  checkOptions(at, action, ['text', 'owner', 'kind']);
  if (!['prevent', 'mitigate', 'detect'].includes(action.kind)) {
    throw new SloError('INVALID_OPTION', `${at}.kind must be prevent, mitigate or detect, got ${show(action.kind)}`);
  }
  const text = checkText(`${at}.text`, action.text, 500);
  return Object.freeze({ text, owner: checkText(`${at}.owner`, action.owner, 100), kind: action.kind });
}

function texts(name: string, list: readonly string[]): readonly string[] {
  if (!Array.isArray(list) || list.length > 50)
    throw new SloError('INVALID_OPTION', `${name} must be a list of at most 50 texts, got ${show(list)}`);
  return Object.freeze(list.map((text, index) => checkText(`${name}[${index}]`, text, 1_000)));
}

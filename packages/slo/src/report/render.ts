import { SloError } from '../errors.ts';
import { show } from '../show.ts';
import type { BudgetDecision } from './decide.ts';
import type { IncidentReport } from './incident.ts';
import { percent, spell } from './moment.ts';
import type { PostMortem } from './post-mortem.ts';
import type { SloReport } from './slo-report.ts';

/** Everything that this entry makes. */
export type AnyReport = SloReport | BudgetDecision | IncidentReport | PostMortem;

/**
 * A report as Markdown. The same report gives the same bytes, on every machine.
 *
 * @throws SloError `INVALID_OPTION` for what none of the functions here made
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 * import { sloReport, toMarkdown } from '@nines/slo/report';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * const report = sloReport(slo, { atMs: Date.UTC(2026, 0, 31), events: { total: 1_000_000, bad: 400 } });
 * console.log(toMarkdown(report).split('\n')[0]); // # api availability: met
 * ```
 */
export function toMarkdown(report: AnyReport): string {
  const lines = sections(report);
  return `${lines.join('\n').trimEnd()}\n`;
}

/**
 * A report as JSON with two spaces and a newline at its end: its own fields in their order.
 *
 * @throws SloError `INVALID_OPTION` for what none of the functions here made
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 * import { sloReport, toJson } from '@nines/slo/report';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * const report = sloReport(slo, { atMs: Date.UTC(2026, 0, 31), events: { total: 1_000_000, bad: 400 } });
 * console.log(toJson(report).split('\n')[1]?.trim()); // "kind": "slo-report",
 * ```
 */
export function toJson(report: AnyReport): string {
  sections(report);
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function sections(report: AnyReport): string[] {
  switch (report?.kind) {
    case 'slo-report':
      return ofSlo(report);
    case 'budget-decision':
      return ofDecision(report, '#');
    case 'incident-report':
      return ofIncident(report);
    case 'post-mortem':
      return ofPostMortem(report);
    default:
      throw new SloError('INVALID_OPTION', `a report comes from sloReport, decide, incidentReport or postMortem, got ${show(report)}`);
  }
}

function ofSlo(report: SloReport): string[] {
  const { budget, events, sli } = report;
  return [
    `# ${text(report.service)} ${text(report.name)}: ${report.state}`,
    '',
    `${report.from} to ${report.to}, objective ${text(report.objective)} over ${report.window}.`,
    '',
    ...table(
      ['', ''],
      [
        ['events', `${events.total}, ${events.bad} bad`],
        ['good', sli === null ? 'no events' : percent(sli, 4)],
        ['error budget spent', percent(budget.consumed)],
        ['bad events still allowed', String(budget.remaining)],
        ['burn rate', report.burnRate.toFixed(2)],
        ['the rest lasts', report.exhaustionSeconds === null ? 'for ever' : spell(report.exhaustionSeconds)],
      ],
    ),
  ];
}

function ofDecision({ decision, reasons }: BudgetDecision, mark: string): string[] {
  return [`${mark} Budget policy: ${decision}`, '', ...reasons.map((reason) => `- ${reason.decision}: ${text(reason.text)}`), ''];
}

function ofIncident(incident: IncidentReport): string[] {
  return [`# ${text(incident.title)}`, '', ...facts(incident), ...story(incident, '##')];
}

function facts(incident: IncidentReport): string[] {
  const after = (seconds: number | null) => (seconds === null ? 'never' : spell(seconds));
  return table(
    ['', ''],
    [
      ['objective', `${text(incident.service)} ${text(incident.name)}, ${text(incident.objective)} over ${incident.window}`],
      ['began', incident.start],
      ['ended', `${incident.end}, after ${spell(incident.durationSeconds)}`],
      ['time to detect', after(incident.detectionSeconds)],
      ['time to resolve, from then', after(incident.resolutionSeconds)],
      ['bad events', `${incident.events.bad} of ${incident.events.total}`],
      ['error budget spent', percent(incident.budgetSpent)],
      ['error budget left', `${percent(incident.budgetAfter)}, before ${percent(incident.budgetBefore)}`],
    ],
  );
}

function story({ timeline, policies }: IncidentReport, mark: string): string[] {
  const rows = timeline.map(({ at, text: what, budgetRemaining }) => [at, text(what), percent(budgetRemaining)]);
  const others = policies.map((one) => [
    text(one.policy),
    one.alert ?? 'silent',
    one.detectionSeconds === null ? '' : spell(one.detectionSeconds),
    one.budgetSpentAtAlert === null ? '' : percent(one.budgetSpentAtAlert),
    String(one.alerts),
  ]);
  return [
    `${mark} Timeline`,
    '',
    ...table(['time (UTC)', 'what', 'budget left'], rows),
    ...(others.length === 0
      ? []
      : [`${mark} When each policy would have told`, '', ...table(['policy', 'first alert', 'after', 'budget spent', 'alerts'], others)]),
  ];
}

function ofPostMortem(report: PostMortem): string[] {
  const list = (heading: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`## ${heading}`, '', ...items.map((item) => `- ${text(item)}`), ''];
  const actions = report.actions.map(({ kind, text: what, owner }) => [kind, text(what), text(owner)]);
  return [
    `# Post-mortem: ${text(report.incident.title)}`,
    '',
    text(report.summary),
    '',
    ...facts(report.incident),
    '## Impact',
    '',
    text(report.impact),
    '',
    ...list('Causes', report.causes),
    ...story(report.incident, '##'),
    ...list('What went well', report.wentWell),
    ...list('What went badly', report.wentBadly),
    ...list('Where we were lucky', report.lucky),
    '## What we do',
    '',
    ...table(['kind', 'what', 'who'], actions),
    ...(report.decision === null ? [] : ofDecision(report.decision, '##')),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line), ''];
}

/** Text from people, so that it cannot break out of its cell or become a heading, a link or HTML. */
function text(value: string): string {
  return value
    .replaceAll(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

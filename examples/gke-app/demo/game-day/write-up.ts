import { postMortem, toMarkdown } from '@nines/slo/report';
import type { CompressedClock } from '../slo-clock.ts';
import { DURABILITY } from './field.ts';
import type { Detection } from './detection.ts';
import type { Result } from './judge.ts';

/** A file of the write-up. */
export interface WrittenFile {
  readonly name: string;
  readonly text: string;
}

/** What the game day ran on; nothing that tells whose machine it was. */
export interface Setting {
  readonly date: string;
  readonly versions: string;
}

/** The whole game day: a summary, a post-mortem of each experiment with the picture of its budget, and the figures as JSON. */
export function writeUp(results: readonly Result[], clock: CompressedClock, setting: Setting): WrittenFile[] {
  const pictures = results.flatMap(({ scenario, incident }) =>
    incident === undefined ? [] : [{ name: `${scenario.id}.svg`, text: incident.svg }],
  );
  const lines = [
    '# Game day',
    '',
    `${setting.date}, ${setting.versions}. Written by \`npm run demo -- --game-day\` from what was recorded; not edited.`,
    '',
    `- **Compressed clock**: ${clock.note.replace('compressed SLO clock: ', '')}. Burn rates, thresholds and what is measured are those of production.`,
    `- **Durability**: ${DURABILITY}. So every "0 lost" here means that level, with Redis on one disk that survives.`,
    '- **Computed**: the alert policy on what api and workers logged, line by line, at a tenth of a second. The alert may come one evaluation early, and one scrape and one evaluation late; failures before the first scrape of a new series are never seen.',
    '- **Young record**: each experiment has a Prometheus of its own, which had looked on for seconds; so slower alerts fire sooner than after a month of quiet.',
    '',
    ...table(results),
    ...results.flatMap((result) => section(result, clock)),
  ];
  return [
    { name: 'game-day.md', text: `${lines.join('\n').trimEnd()}\n` },
    {
      name: 'game-day.json',
      text: `${JSON.stringify({ ...setting, clock: clock.note, durability: DURABILITY, results: results.map(figures) }, undefined, 2)}\n`,
    },
    ...pictures,
  ];
}

/** A result without what is drawn from it. */
export function figures({ incident, ...result }: Result): object {
  return {
    ...result,
    confirmed: result.faults.length === 0,
    ...(incident === undefined ? {} : { incident: { ...incident, svg: undefined } }),
  };
}

const seconds = (value: number | null | undefined) => (value === null || value === undefined ? 'never' : `${value.toFixed(1)} s`);
const percent = (ratio: number | undefined) => (ratio === undefined ? 'unknown' : `${(100 * ratio).toFixed(2)} %`);

/** When it had to fire: computed from what was logged, or else what the experiment says. */
const due = ({ computedSeconds, latestSeconds }: Detection) =>
  computedSeconds === null ? `at the latest ${seconds(latestSeconds)}` : `computed ${seconds(computedSeconds)}`;

function table(results: readonly Result[]): string[] {
  const rows = results.map(({ scenario, detection, accounts, budgetSpent, incident, faults }) => {
    const slo = incident?.name ?? 'delivery';
    const cells = [
      scenario.id,
      detection === undefined ? 'no alert' : detection.alert,
      detection === undefined ? '' : `${seconds(detection.measuredSeconds)} (${due(detection)})`,
      `${percent(budgetSpent[slo])} of ${slo}`,
      `${accounts.lost.length} of ${accounts.accepted}`,
      String(sum(accounts.duplicates)),
      faults.length === 0 ? 'confirmed' : 'REFUTED',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| experiment | expected | detected after | budget spent | lost | duplicates | claim |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
}

export function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((all, count) => all + (count ?? 0), 0);
}

function section(result: Result, clock: CompressedClock): string[] {
  const { scenario, incident } = result;
  if (incident === undefined) return [`## ${scenario.title}`, '', `Not begun: ${result.aborted}.`, ''];
  const report = postMortem({
    incident,
    summary: `An experiment on purpose. Claim: ${scenario.claim} ${result.faults.length === 0 ? 'It was confirmed.' : `It was refuted: ${result.faults.join('; ')}.`}`,
    impact: impact(result),
    causes: [`The switch ${scenario.fault.switch} was thrown for ${seconds((result.times.mendedMs - result.times.faultMs) / 1000)}`],
    wentWell: wentWell(result, clock),
    wentBadly: result.faults,
    actions: [{ kind: 'mitigate', text: scenario.lesson, owner: 'whoever runs the relay' }],
  });
  // One document: its headings one level deeper.
  const markdown = toMarkdown(report).replaceAll(/^#/gm, '##');
  const [heading = '', ...rest] = markdown.trimEnd().split('\n');
  return [heading, '', `![error budget](${scenario.id}.svg)`, ...rest, ''];
}

function impact({ accounts }: Result): string {
  const { accepted, delivered, refused, lost, deliveredUnaccepted, duplicates } = accounts;
  const causes = Object.entries(duplicates).map(([cause, count]) => `${count} because ${cause}`);
  return [
    `${accepted} events accepted, ${delivered} delivered, ${lost.length} lost (${DURABILITY}).`,
    `${refused} refused, so that their sender knows.`,
    `${sum(duplicates)} delivered twice${causes.length === 0 ? '' : `: ${causes.join(', ')}`}.`,
    ...(deliveredUnaccepted === 0 ? [] : [`${deliveredUnaccepted} delivered whose sender got no answer, as Redis had them already.`]),
  ].join(' ');
}

function wentWell({ detection, explained, unexpected }: Result, clock: CompressedClock): string[] {
  const lines: string[] = [];
  if (detection === undefined) lines.push('No alert was expected');
  else if (detection.inTime && detection.computedSeconds === null) {
    lines.push(
      `${detection.alert} fired ${seconds(detection.measuredSeconds)} after the fault, the latest that is right ${seconds(detection.latestSeconds)}; in production ${seconds(detection.trueClockSeconds)}`,
    );
  } else if (detection.inTime) {
    const { evaluationSeconds, scrapeSeconds, newSeries } = detection;
    const lag = `one evaluation of ${seconds(evaluationSeconds)} and one scrape of ${seconds(scrapeSeconds)} later, as measured${newSeries ? ', without the failures that their new series could not show' : ''}`;
    lines.push(
      `${detection.alert} fired ${seconds(detection.measuredSeconds)} after the fault; computed ${seconds(detection.computedSeconds)}, the latest that is right ${seconds(detection.latestSeconds)} (${lag})`,
      `The first event failed after ${seconds(detection.firstFailureSeconds)}; from then on ${percent(detection.errorRatio)} did. After a quiet long window the formula says ${seconds(detection.formulaSeconds)}, which is ${seconds(detection.trueClockSeconds)} when the clock is not compressed by ${clock.factor}`,
    );
  }
  if (unexpected.length === 0) lines.push('No alert fired that should not have');
  for (const why of new Set(Object.values(explained))) {
    const names = Object.keys(explained).filter((name) => explained[name] === why);
    lines.push(`Besides, these fired: ${names.join(', ')} (${why})`);
  }
  return lines;
}

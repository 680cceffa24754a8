import { SloError } from '../../errors.ts';
import type { Slo } from '../../objective.ts';
import { backtest as play } from '../../backtest/backtest.ts';
import { fetchEvents } from '../../backtest/events.ts';
import { incidentReport } from '../../report/incident.ts';
import { toJson, toMarkdown, type AnyReport } from '../../report/render.ts';
import { sloReport } from '../../report/slo-report.ts';
import { count, flag, moment, text, type Arguments, type Command } from '../command.ts';
import { writeFiles } from '../files.ts';
import { objectiveHelp, objectiveOptions, oneObjective } from '../objectives.ts';
import { recordingHelp, recordingOf, recordingOptions } from './backtest.ts';

/** `nines-slo report` */
export const report: Command = {
  name: 'report',
  summary: 'how an objective stands, or what an incident did to it, as Markdown or JSON',
  help: `Usage: nines-slo report FILE [--slo NAME] --at TIME --events N --bad-events N [options]
       nines-slo report FILE [--slo NAME] --prometheus URL [options]
       nines-slo report FILE [--slo NAME] --incident TITLE --start TIME --end TIME (--total FILE --bad FILE | --prometheus URL --from TIME --to TIME) [options]

  ${objectiveHelp}
  --events N --bad-events N   the events of the window that --at lies in
  --incident TITLE            an incident report from a recording, from --start to --end
  ${recordingHelp}
  --out FILE         write there instead of printing
  --svg FILE         of an incident: the picture of the budget
  --json             JSON instead of Markdown

Examples:
  nines-slo report slos.yaml --at 2026-04-01T00:00:00Z --events 1000000 --bad-events 400
  nines-slo report slos.yaml --incident "Checkout fails" --start 2026-03-04T10:00:00Z --end 2026-03-04T10:40:00Z --total t.json --bad b.json`,
  options: {
    ...objectiveOptions,
    ...recordingOptions,
    at: { type: 'string' },
    events: { type: 'string' },
    'bad-events': { type: 'string' },
    incident: { type: 'string' },
    start: { type: 'string' },
    end: { type: 'string' },
    out: { type: 'string' },
    svg: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(given, terminal) {
    const slo = await oneObjective(given);
    const made = await (text(given, 'incident') === undefined ? standing(slo, given) : incident(slo, given));
    const rendered = flag(given, 'json') ? toJson(made) : toMarkdown(made);
    const [out, svg] = [text(given, 'out'), text(given, 'svg')];
    if (svg !== undefined && made.kind !== 'incident-report') throw new SloError('INVALID_OPTION', '--svg belongs to --incident');
    const files = [
      ...(out === undefined ? [] : [{ path: out, text: rendered }]),
      ...(svg === undefined || made.kind !== 'incident-report' ? [] : [{ path: svg, text: made.svg }]),
    ];
    await writeFiles(files);
    if (out === undefined) terminal.out(rendered.trimEnd());
    return 0;
  },
};

async function standing(slo: Slo, given: Arguments): Promise<AnyReport> {
  const url = text(given, 'prometheus');
  if (url !== undefined) {
    const { atMs, events, recent } = await fetchEvents(slo, { url });
    return sloReport(slo, { atMs, events, recent });
  }
  const [atMs, total, bad] = [moment(given, 'at'), count(given, 'events'), count(given, 'bad-events')];
  if (atMs === undefined || total === undefined || bad === undefined) {
    throw new SloError('INVALID_OPTION', 'give --at, --events and --bad-events, or --prometheus, or --incident');
  }
  return sloReport(slo, { atMs, events: { total, bad } });
}

async function incident(slo: Slo, given: Arguments): Promise<AnyReport> {
  const [startMs, endMs] = [moment(given, 'start'), moment(given, 'end')];
  if (startMs === undefined || endMs === undefined) throw new SloError('INVALID_OPTION', '--incident needs --start and --end');
  const { history } = play(slo, await recordingOf(slo, given));
  return incidentReport(slo, { title: text(given, 'incident') ?? '', history, startMs, endMs });
}

import { SloError } from '../../errors.ts';
import type { Slo } from '../../objective.ts';
import { percent, spell } from '../../report/moment.ts';
import { backtest as play, type Recording } from '../../backtest/backtest.ts';
import type { QueryRangeAnswer } from '../../backtest/matrix.ts';
import { fetchRecording } from '../../backtest/recording.ts';
import { flag, moment, required, text, type Arguments, type Command } from '../command.ts';
import { readJson } from '../files.ts';
import { objectiveHelp, objectiveOptions, oneObjective } from '../objectives.ts';
import { burnDown, columns, timeline } from '../picture.ts';

/** The options of each command that reads a recording. */
export const recordingOptions = {
  total: { type: 'string' },
  bad: { type: 'string' },
  good: { type: 'string' },
  prometheus: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  step: { type: 'string' },
} as const;

/** How the help of each such command speaks of them. */
export const recordingHelp = `--total FILE       the saved answer of query_range to the selector of all events
  --bad FILE         … of the bad events; or --good FILE, of the good ones
  --prometheus URL   instead of files: ask this Prometheus, --from and --to
  --from TIME --to TIME   ISO 8601, for example 2026-03-04T10:00:00Z
  --step DURATION    between two readings; default with --prometheus 1m, else the files'`;

/** `nines-slo backtest` */
export const backtest: Command = {
  name: 'backtest',
  summary: 'what a policy would have done with what was recorded',
  help: `Usage: nines-slo backtest FILE [--slo NAME] (--total FILE --bad FILE | --prometheus URL --from TIME --to TIME) [options]

  ${objectiveHelp}
  ${recordingHelp}
  --json             firings and counts as JSON

Examples:
  nines-slo backtest slos.yaml --total total.json --bad bad.json
  nines-slo backtest slos.yaml --prometheus http://127.0.0.1:9090 --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z`,
  options: { ...objectiveOptions, ...recordingOptions, json: { type: 'boolean' } },
  async run(given, terminal) {
    const slo = await oneObjective(given);
    const found = play(slo, await recordingOf(slo, given));
    const { history, ...facts } = found;
    if (flag(given, 'json')) {
      terminal.out(JSON.stringify(facts, undefined, 2));
      return 0;
    }
    for (const line of [...burnDown(slo, history, terminal), ...timeline(found.firings, history, [], terminal)]) terminal.out(line);
    terminal.out('');
    const iso = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
    const rows = found.firings.map(({ alert, firedSeconds, resolvedSeconds }) => [
      iso(firedSeconds),
      alert,
      resolvedSeconds === undefined ? 'still fires at the end' : `for ${spell(resolvedSeconds - firedSeconds)}`,
    ]);
    for (const line of columns(rows)) terminal.out(line);
    terminal.out(
      `${rows.length} alerts; ${Math.round(found.bad)} of ${Math.round(found.total)} events bad, ${percent(found.budgetSpent)} of the budget spent`,
    );
    terminal.out(`${found.series} series, ${found.resets} resets, ${found.gaps} missing readings`);
    return 0;
  },
};

/** A recording from files or from a Prometheus. */
export async function recordingOf(slo: Slo, given: Arguments): Promise<Recording> {
  const [url, total, step] = [text(given, 'prometheus'), text(given, 'total'), text(given, 'step')];
  if ((url === undefined) === (total === undefined)) {
    throw new SloError('INVALID_OPTION', 'give either --total FILE with --bad or --good, or --prometheus URL with --from and --to');
  }
  const stepOption = step === undefined ? {} : { step };
  if (url !== undefined) {
    required(given, 'from');
    required(given, 'to');
    return await fetchRecording(slo, { url, fromMs: moment(given, 'from') ?? 0, toMs: moment(given, 'to') ?? 0, ...stepOption });
  }
  const kind = text(given, 'bad') === undefined ? 'good' : 'bad';
  const [all, part] = [await readJson(total ?? ''), await readJson(required(given, kind))];
  return { total: all as QueryRangeAnswer, [kind]: part as QueryRangeAnswer, ...stepOption };
}

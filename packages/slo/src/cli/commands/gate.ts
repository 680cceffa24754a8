import { fetchEvents } from '../../backtest/events.ts';
import { decide, type Decision } from '../../report/decide.ts';
import { sloReport, type SloReport } from '../../report/slo-report.ts';
import { flag, required, text, type Command } from '../command.ts';
import { objectiveHelp, objectiveOptions, objectives } from '../objectives.ts';
import { columns, paint } from '../picture.ts';
import { percent } from '../../report/moment.ts';

/** `nines-slo gate` */
export const gate: Command = {
  name: 'gate',
  summary: 'ask a Prometheus whether the error budgets allow a release',
  help: `Usage: nines-slo gate FILE… --prometheus URL [--slo NAME] [options]

Exit code 0: ship, or slow. 1: freeze, with --strict also slow. 2: it cannot be told, for example because Prometheus does not answer.
The strictest rule of the worst objective decides. The time is that of Prometheus, and no rule has to be recorded there.

  ${objectiveHelp}
  --prometheus URL              which Prometheus to ask
  --recent DURATION             the burn rate is that of the last so long; default 1h; more with few events
  --slow-below SHARE            of the budget left; default 25%
  --freeze-below SHARE          default 0
  --slow-above-burn-rate N      default 2
  --freeze-above-burn-rate N    default 10
  --without-data DECISION       ship, slow or freeze; default freeze: what cannot be seen is not fine
  --strict                      slow means no, too
  --json                        decision and reports as JSON

Examples:
  nines-slo gate slos.yaml --prometheus http://127.0.0.1:9090
  nines-slo gate slos.yaml --prometheus http://prometheus.monitoring:9090 --slo availability --recent 30m --strict`,
  options: {
    ...objectiveOptions,
    prometheus: { type: 'string' },
    recent: { type: 'string' },
    'slow-below': { type: 'string' },
    'freeze-below': { type: 'string' },
    'slow-above-burn-rate': { type: 'string' },
    'freeze-above-burn-rate': { type: 'string' },
    'without-data': { type: 'string' },
    strict: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(given, terminal) {
    const url = required(given, 'prometheus');
    const recent = text(given, 'recent');
    const slos = await objectives(given);
    const reports: SloReport[] = [];
    for (const slo of slos) {
      const { atMs, events, recent: lately } = await fetchEvents(slo, { url, ...(recent === undefined ? {} : { recent }) });
      reports.push(sloReport(slo, { atMs, events, recent: lately }));
    }
    const policy = {
      slowBelow: text(given, 'slow-below'),
      freezeBelow: text(given, 'freeze-below'),
      slowAboveBurnRate: text(given, 'slow-above-burn-rate'),
      freezeAboveBurnRate: text(given, 'freeze-above-burn-rate'),
      withoutData: text(given, 'without-data') ?? 'freeze',
    };
    const decision = decide(reports, Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined)));
    if (flag(given, 'json')) terminal.out(JSON.stringify({ ...decision, reports }, undefined, 2));
    else {
      const rows = reports.map((one) => [
        `${one.service}/${one.name}`,
        one.objective,
        `${one.events.bad} of ${one.events.total} bad`,
        `${percent(1 - one.budget.consumed)} left`,
        `burn rate ${one.burnRate.toFixed(1)}`,
      ]);
      for (const line of columns(rows)) terminal.out(line);
      for (const { decision: what, text: why } of decision.reasons)
        terminal.out(`${paint(terminal, colours[what], what.padEnd(6))} ${why}`);
      terminal.out(`decision: ${paint(terminal, colours[decision.decision], decision.decision)}`);
    }
    return decision.decision === 'freeze' || (decision.decision === 'slow' && flag(given, 'strict')) ? 1 : 0;
  },
};

const colours: Readonly<Record<Decision, 'red' | 'green' | 'yellow'>> = { ship: 'green', slow: 'yellow', freeze: 'red' };

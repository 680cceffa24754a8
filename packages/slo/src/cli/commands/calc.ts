import { detectionTime, resetTime } from '../../alerting.ts';
import { alertsOf } from '../../alerts.ts';
import { allowedDowntime, errorBudget } from '../../budget.ts';
import { defineSlo, type Slo } from '../../objective.ts';
import { googleSre } from '../../policy.ts';
import { percent, spell } from '../../report/moment.ts';
import { minimumSamples } from '../../verdict.ts';
import { rolling } from '../../window.ts';
import { count, flag, required, text, type Command } from '../command.ts';
import { columns } from '../picture.ts';

/** `nines-slo calc` */
export const calc: Command = {
  name: 'calc',
  summary: 'the numbers of an objective: budget, downtime, factors, detection, samples',
  help: `Usage: nines-slo calc --objective 99.9% [--window 30d] [--error-ratio 100%] [--total N --bad N] [--json]

  --objective TEXT     the share of good events
  --window DURATION    default 30d
  --error-ratio TEXT   how bad the outage is whose detection is shown; default 100%
  --total N --bad N    events of the window: what they spent
  --json               all of it as JSON

Examples:
  nines-slo calc --objective 99.9%
  nines-slo calc --objective 99.5% --window 28d --error-ratio 10%`,
  options: {
    objective: { type: 'string' },
    window: { type: 'string' },
    'error-ratio': { type: 'string' },
    total: { type: 'string' },
    bad: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(given, terminal) {
    const slo = defineSlo({
      name: 'objective',
      service: 'calc',
      objective: required(given, 'objective'),
      window: rolling(text(given, 'window') ?? '30d'),
      alerting: googleSre({ unreachable: 'drop' }),
    });
    const errorRatio = text(given, 'error-ratio') ?? '100%';
    const [total, bad] = [count(given, 'total'), count(given, 'bad')];
    const spent = total === undefined && bad === undefined ? undefined : errorBudget(slo, { total: total ?? 0, bad: bad ?? 0 });
    const alerts = alertsIn(slo, errorRatio);
    const facts = {
      objective: slo.objective,
      window: slo.window.duration,
      budget: slo.budget,
      allowedDowntimeSeconds: allowedDowntime(slo),
      minimumSamples: minimumSamples(slo),
    };
    if (flag(given, 'json')) {
      terminal.out(JSON.stringify({ ...facts, ...(spent === undefined ? {} : { spent }), alerts }, finiteOnly, 2));
      return 0;
    }
    terminal.out(
      `error budget      ${percent(slo.budget, 4)}: a total outage of ${spell(facts.allowedDowntimeSeconds)} in ${facts.window}`,
    );
    terminal.out(`to show it met    ${facts.minimumSamples} samples without a bad one, with 95 % confidence`);
    if (spent !== undefined) terminal.out(`spent             ${percent(spent.consumed)}, ${spent.remaining} bad events are left`);
    terminal.out('');
    const rows = alerts.map((one) => [
      one.alert,
      `${one.factor}×`,
      percent(one.threshold, 3),
      time(one.detectionSeconds),
      time(one.resetSeconds),
    ]);
    for (const line of columns([['alert', 'burn rate', 'error ratio', `fires after (${errorRatio} bad)`, 'silent after'], ...rows]))
      terminal.out(line);
    return 0;
  },
};

function alertsIn(
  slo: Slo,
  errorRatio: string,
): { alert: string; factor: number; threshold: number; detectionSeconds: number; resetSeconds: number }[] {
  return alertsOf(slo).map(({ severity, longWindow, shortWindow, factor, threshold }) => ({
    alert: `${severity} ${longWindow}/${shortWindow}`,
    factor,
    threshold,
    detectionSeconds: detectionTime(slo, { errorRatio, factor, longWindow }),
    resetSeconds: resetTime(slo, { errorRatio, factor, shortWindow }),
  }));
}

function time(seconds: number): string {
  return Number.isFinite(seconds) ? spell(seconds) : 'never';
}

/** JSON has no infinity: what never happens is null. */
function finiteOnly(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

import { SloError } from '../../errors.ts';
import { percent, spell } from '../../report/moment.ts';
import { outage, type Outage } from '../../simulate/outage.ts';
import { simulate as play, type Simulation } from '../../simulate/simulate.ts';
import { traffic, type TrafficModel } from '../../simulate/traffic.ts';
import { count, flag, list, text, type Command } from '../command.ts';
import { objectiveHelp, objectiveOptions, oneObjective } from '../objectives.ts';
import { burnDown, timeline } from '../picture.ts';

/** `nines-slo simulate` */
export const simulate: Command = {
  name: 'simulate',
  summary: 'play outages against an alert policy: what fires, when, and what is spent by then',
  help: `Usage: nines-slo simulate FILE [--slo NAME] --outage SHAPE… [options]

Exit code 1: no alert told about an outage that spent a significant share of the budget.

  ${objectiveHelp}
  --outage SHAPE       may be repeated:
                       step:at=1d,lasting=40m,errorRatio=10%   also ramp, spike
                       flapping:at=1d,lasting=2h,errorRatio=50%,period=10m,duty=0.3
                       slow-burn:at=1d,lasting=3d,burnRate=2
  --traffic MODEL      constant:perSecond=10 (default), diurnal:perSecond=10,swing=0.8,
                       bursty:perSecond=10,burst=10m,ratio=20,share=0.1, low:perHour=10
  --over DURATION      default: the objective's window
  --step DURATION      between two evaluations; default 1m
  --background RATIO   errors when all is well; default 0
  --significant SHARE  of the budget from which on an outage deserves an alert; default 2%
  --seed N             default 1
  --json               firings and scores as JSON

Examples:
  nines-slo simulate slos.yaml --outage step:at=2d,lasting=40m,errorRatio=10% --over 4d
  nines-slo simulate slos.yaml --slo availability --traffic low:perHour=10 --background 0.05%`,
  options: {
    ...objectiveOptions,
    outage: { type: 'string', multiple: true },
    traffic: { type: 'string' },
    over: { type: 'string' },
    step: { type: 'string' },
    background: { type: 'string' },
    significant: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(given, terminal) {
    const outages = list(given, 'outage').map(readOutage);
    const [model, seed] = [text(given, 'traffic'), count(given, 'seed')];
    const slo = await oneObjective(given);
    const options = {
      outages,
      traffic: model === undefined ? undefined : readTraffic(model),
      over: text(given, 'over'),
      step: text(given, 'step'),
      background: text(given, 'background'),
      significantBudget: text(given, 'significant'),
      seed,
    };
    const found = play(slo, Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
    const { history, ...facts } = found;
    if (flag(given, 'json')) terminal.out(JSON.stringify(facts, undefined, 2));
    else {
      for (const line of [...burnDown(slo, history, terminal), ...timeline(found.firings, history, found.outages, terminal)])
        terminal.out(line);
      for (const line of scores(found)) terminal.out(line);
    }
    return untold(found) ? 1 : 0;
  },
};

function scores({ page, ticket }: Simulation): string[] {
  const rows = (['page', 'ticket'] as const).map((severity) => {
    const { fired, precision, recall } = severity === 'page' ? page : ticket;
    return `${severity.padEnd(10)} ${fired} fired, precision ${percent(precision)}, recall ${percent(recall)}`;
  });
  const outages = page.outages.map((one, index) => {
    const first = one.alert === undefined ? ticket.outages[index] : one;
    const told =
      first?.alert === undefined
        ? 'nobody is told'
        : `${first.alert} after ${spell(first.detectionSeconds ?? 0)}, when ${percent(first.budgetSpentAtAlert ?? 0)} of the budget is spent`;
    return `${one.outage.shape} at ${spell(one.outage.startSeconds)}: spends ${percent(one.budgetSpent)}; ${told}`;
  });
  return ['', ...rows, ...outages];
}

function untold({ page, ticket }: Simulation): boolean {
  return page.outages.some(
    ({ significant, alert }, index) => significant && alert === undefined && ticket.outages[index]?.alert === undefined,
  );
}

const shapes: Readonly<Record<string, (options: never) => Outage>> = {
  step: (options) => outage.step(options),
  ramp: (options) => outage.ramp(options),
  spike: (options) => outage.spike(options),
  flapping: (options) => outage.flapping(options),
  'slow-burn': (options) => outage.slowBurn(options),
};
const models: Readonly<Record<string, (options: never) => TrafficModel>> = { ...traffic };

function readOutage(given: string): Outage {
  return made('outage', shapes, given);
}

function readTraffic(given: string): TrafficModel {
  return made('traffic', models, given);
}

/** `kind:name=value,…` */
function made<T>(option: string, kinds: Readonly<Record<string, (options: never) => T>>, given: string): T {
  const [kind = '', rest = ''] = given.split(/:(.*)/s);
  const make = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const pairs = rest === '' ? [] : rest.split(',').map((pair) => pair.split(/=(.*)/s));
  const wrong = pairs.find(([name, value]) => name === '' || value === undefined || value === '');
  if (make === undefined || wrong !== undefined) {
    throw new SloError(
      'INVALID_OPTION',
      `--${option} must be KIND:name=value,… with a KIND of ${Object.keys(kinds).join(', ')}, got ${JSON.stringify(given)}`,
    );
  }
  return make(Object.fromEntries(pairs.map(([name, value]) => [name, value])) as never);
}

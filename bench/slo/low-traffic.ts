import { defineSlo, googleSre, rolling, type AlertPolicy, type Slo } from '@nines/slo';
import { outage, simulate, traffic, type Outage, type Simulation } from '@nines/slo/simulate';
import type { SloFigure } from './figure.ts';

/** Ten requests an hour, three quarters of the budget spent by single failures: what a small service looks like when all is well. */
const model = traffic.low({ perHour: 10 });
const background = '0.075%';
/** Spends a fifth of the budget or more: at ten requests an hour two failures do. */
const significantBudget = '20%';

const withPolicy = (alerting: AlertPolicy): Slo =>
  defineSlo({ name: 'availability', service: 'small', objective: '99.9%', window: rolling('30d'), alerting });
const plain = withPolicy(googleSre());
/** An hour of ten requests can tell nothing, so its pair is left out; the others ask for confidence. */
const careful = withPolicy(
  googleSre({
    windows: [
      { severity: 'page', budget: '5%', longWindow: '6h', shortWindow: '30m' },
      { severity: 'ticket', budget: '10%', longWindow: '1d', shortWindow: '2h' },
      { severity: 'ticket', budget: '10%', longWindow: '3d', shortWindow: '6h' },
    ],
    lowTraffic: { confidence: '95%' },
  }),
);

/** Outages of 20 minutes to a day, from a tenth of the requests to all, in different months. */
function outageOf(month: number): Outage {
  const lasting = ['20m', '1h', '2h', '4h', '8h', '1d'][month % 6] ?? '1h';
  const errorRatio = [1, 0.5, 0.25, 0.1][Math.floor(month / 6) % 4] ?? 1;
  return outage.step({ at: '15d', lasting, errorRatio });
}

interface Tally {
  falsePages: number;
  significant: number;
  told: number;
}

/** The same months, seen by the workbook's policy and by one for few events. */
export function lowTraffic(months: number, progress: (line: string) => void): SloFigure[] {
  const tallies = { plain: tally(), careful: tally() };
  for (let month = 0; month < months; month++) {
    const options = { traffic: model, background, significantBudget, outages: [outageOf(month)], seed: month + 1 };
    count(tallies.plain, simulate(plain, options));
    count(tallies.careful, simulate(careful, options));
  }
  const { plain: before, careful: after } = tallies;
  const saved = 1 - after.falsePages / before.falsePages;
  const [recallBefore, recallAfter] = [before.told / before.significant, after.told / after.significant];
  progress(
    `low traffic: ${before.falsePages} false pages become ${after.falsePages} in ${months} months; recall ${recallBefore} and ${recallAfter}`,
  );
  const figure = (what: string, unit: string, goal: string, value: number, reached: boolean): SloFigure => ({
    what,
    unit,
    goal,
    median: value,
    min: value,
    max: value,
    reached,
  });
  return [
    figure('low traffic, 10 req/h at 99.9 %: false pages fewer', '%', '≥ 90', saved * 100, saved >= 0.9),
    figure(
      'low traffic: recall with confidence',
      '%',
      `= ${(recallBefore * 100).toFixed(1)} without`,
      recallAfter * 100,
      recallAfter >= recallBefore,
    ),
  ];
}

function tally(): Tally {
  return { falsePages: 0, significant: 0, told: 0 };
}

function count(into: Tally, { page }: Simulation): void {
  into.falsePages += page.fired - page.right;
  for (const { significant, alert } of page.outages) {
    if (!significant) continue;
    into.significant++;
    if (alert !== undefined) into.told++;
  }
}

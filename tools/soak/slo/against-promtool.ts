import { googleSre, type AlertPolicy } from '@nines/slo';
import { simulate, traffic, type TrafficModel } from '@nines/slo/simulate';
import { anyOutage, caseOf, countedSlo, rulesText, shortened } from './outage-cases.ts';
import { differences, firingMap, promtoolFirings } from './promtool-firings.ts';
import { randomFrom } from './rule-cases.ts';

/** One batch of worlds that promtool judges in one process. */
interface Batch {
  readonly worlds: number;
  readonly alerting: AlertPolicy;
  readonly stepSeconds: number;
  readonly evaluations: number;
  /** A short while in that world, in seconds: outages begin 9 to 12 of them after the start. */
  readonly unit: number;
}

const short: Batch = { worlds: 20, alerting: shortened, stepSeconds: 15, evaluations: 110, unit: 60 };
/** The workbook's four pairs at full length: three days of warm-up, then an outage of up to four days. */
const full: Batch = { worlds: 2, alerting: googleSre({ unreachable: 'drop' }), stepSeconds: 300, evaluations: 2_100, unit: 28_800 };

const models: readonly TrafficModel[] = [
  traffic.constant({ perSecond: 20 }),
  traffic.diurnal({ perSecond: 5 }),
  traffic.bursty({ perSecond: 20, burst: '1m' }),
  traffic.low({ perHour: 900 }),
];
const objectives = ['99.9%', '99.5%', '99%', '95%'];

/** Plays that many outages, a tenth of them full size, in the simulator and in promtool; where the two differ by more than an evaluation. */
export async function simulatorAgainstPromtool(seed: number, outages: number, say: (line: string) => void): Promise<readonly string[]> {
  const whole = Math.floor(outages / 10);
  const batches = [...batchesOf(short, outages - whole), ...batchesOf(full, whole)];
  const found: string[] = [];
  let [compared, firings] = [0, 0];
  for (const [index, batch] of batches.entries()) {
    const result = await compare(batch, seed + 1_000 * index, models[index % models.length]!, objectives[index % objectives.length]!);
    found.push(...result.differences);
    compared += batch.worlds;
    firings += result.firings;
    say(`simulator and promtool: ${compared} outages, ${firings} evaluations fired, ${found.length} differences`);
  }
  return found;
}

function batchesOf(batch: Batch, outages: number): Batch[] {
  return Array.from({ length: Math.ceil(outages / batch.worlds) }, (_, index) => ({
    ...batch,
    worlds: Math.min(batch.worlds, outages - index * batch.worlds),
  }));
}

async function compare(
  { worlds, alerting, stepSeconds, evaluations, unit }: Batch,
  seed: number,
  model: TrafficModel,
  objective: string,
): Promise<{ readonly differences: string[]; readonly firings: number }> {
  const random = randomFrom(seed);
  const slo = countedSlo(objective, googleSre({ windows: alerting.windows, unreachable: 'drop' }));
  const played = Array.from({ length: worlds }, (_, index) =>
    simulate(slo, {
      outages: [anyOutage(random, unit, slo.budget)],
      traffic: model,
      background: slo.budget / 50,
      step: `${stepSeconds}s`,
      over: `${(evaluations - 1) * stepSeconds}s`,
      seed: seed + index,
    }),
  );
  const theirs = await promtoolFirings(
    rulesText(slo),
    stepSeconds,
    played.map(({ history }) => caseOf(history)),
  );
  const found = played.flatMap(({ firings, outages }, index) =>
    differences(firingMap(firings, stepSeconds, evaluations), theirs[index]!, 1).map(
      (text) => `seed ${seed}, ${objective}, ${model.kind}: ${text} ${JSON.stringify(outages)}`,
    ),
  );
  const firings = theirs.reduce((sum, map) => sum + [...map.values()].reduce((all, at) => all + at.length, 0), 0);
  return { differences: found, firings };
}

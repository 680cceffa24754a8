import { expect, it } from 'vitest';
import {
  absentFor,
  alertFires,
  alertsOf,
  allowedDowntime,
  budgetConsumed,
  burnRate,
  burnRateFactor,
  clopperPearson,
  defineSlo,
  detectionTime,
  dynamicThreshold,
  errorBudget,
  errorRatioThreshold,
  goodRatio,
  isReachable,
  isSliceGood,
  minimumSamples,
  periodErrorRatio,
  pyrra,
  resetTime,
  rolling,
  sloStatus,
  slicesToExhaustion,
  SloError,
  timeToExhaustion,
  verdict,
  wilson,
  type Slo,
} from '@nines/slo';
import { openSloDuration } from '@nines/slo/openslo';
import file from './vectors.json' with { type: 'json' };

/** A group is either computed here or listed here: a new one in the file fails the first test. The simulator computes its own. */
const elsewhere = ['promtool'];

// oxlint-disable-next-line typescript/no-explicit-any -- each function of the file has an input of its own shape
type Input = any;

/** Where a vector leaves the objective or the period out, its answer does not depend on it. */
const slo = (input: Input): Slo =>
  defineSlo({
    name: 'vector',
    service: 'test',
    objective: input.target ?? input.goal ?? 0.999,
    window: rolling(`${input.periodSeconds ?? 2_592_000}s`),
  });
const onPyrra = (input: Input): Slo => {
  const period = `${input.periodSeconds}s`;
  return defineSlo({
    name: 'vector',
    service: 'test',
    objective: input.target ?? 0.99,
    window: rolling(period),
    alerting: pyrra({ period }),
  });
};

const burn = (input: Input) => (input.burnRate === undefined ? { errorRatio: input.errorRatio } : { burnRate: input.burnRate });

const consumed = (input: Input): number => {
  if (input.bad !== undefined) {
    return budgetConsumed(slo(input), { bad: input.bad, total: (input.eventsPerHour * input.periodSeconds) / 3_600 });
  }
  return budgetConsumed(slo(input), { ...burn(input), over: `${input.windowSeconds ?? input.durationSeconds}s` });
};

const alert = ({ errorRatio, burnRateFactor: factor }: Input) => ({ errorRatio, factor });
/** `95% Clopper-Pearson` says both the confidence and the interval. */
const trust = (text: string) => ({
  confidence: text.split(' ')[0] ?? '',
  interval: text.includes(' ') ? ('clopper-pearson' as const) : ('wilson' as const),
});
const counts = ({ successes, trials, confidence }: Input) => ({ bad: successes, total: trials, confidence });
const seconds = (duration: string | undefined) => rolling(duration ?? '').seconds;
/** The first count of bad events from which on the outcome is this. */
const firstBad = (input: Input, outcomes: readonly string[]) =>
  Array.from({ length: input.trials + 1 }, (_, bad) => bad).find((bad) =>
    outcomes.includes(verdict(slo(input), { total: input.trials, bad, confidence: input.confidence }).outcome),
  );

const functions: Readonly<Record<string, (input: Input) => unknown>> = {
  absentFor: (input) => seconds(absentFor(onPyrra(input))),
  alertFires: (input) => alertFires(slo(input), alert(input)),
  allowedDowntimeSeconds: (input) => allowedDowntime(slo(input)),
  allowedBadEvents: (input) => errorBudget(slo(input), { total: input.total, bad: 0 }).allowed,
  budgetBurnedInDay: (input) => budgetConsumed(slo(input), { burnRate: input.burnRate, over: '1d' }),
  budgetConsumedFraction: consumed,
  burnRate: (input) => burnRate(slo(input), { errorRatio: input.errorRatio }),
  burnRateFactor: (input) =>
    burnRateFactor({
      budget: `${input.budgetConsumedPercent}%`,
      longWindow: `${input.longWindowSeconds}s`,
      period: `${input.periodSeconds}s`,
    }),
  clopperPearsonInterval: (input) => Object.values(clopperPearson(counts(input))),
  detectionTimeSeconds: (input) => detectionTime(slo(input), { ...alert(input), longWindow: `${input.windowSeconds}s` }),
  dynamicErrorRatioThreshold: (input) =>
    dynamicThreshold(slo(input), { periodEvents: input.nSlo, windowEvents: input.nAlert, budget: `${input.budgetPercent}%` }),
  errorRatioThreshold: (input) => errorRatioThreshold(slo(input), { factor: input.burnRateFactor }),
  isAlertReachable: (input) => isReachable(slo(input), { factor: input.burnRateFactor }),
  minSamplesZeroFailures: (input) => minimumSamples(slo(input), { confidence: input.confidence }),
  pageableAtConfidence: (input) =>
    alertFires(slo(input), { total: input.total, bad: input.bad, factor: input.burnRateFactor, ...trust(input.confidence) }),
  parseDurationShorthand: (input) => openSloDuration(input).seconds,
  periodErrorRatio: (input) => periodErrorRatio(input.slices, { method: input.method }),
  pyrraWindows: (input) =>
    alertsOf(onPyrra(input)).map(({ factor, for: wait, longSeconds, shortSeconds }) => ({
      factor,
      forSeconds: seconds(wait),
      longSeconds,
      shortSeconds,
    })),
  resetTimeSeconds: (input) => resetTime(slo(input), { ...alert(input), shortWindow: `${input.windowSeconds}s` }),
  sli: (input) => goodRatio({ total: input.total, bad: input.bad }),
  sliceIsGood: (input) => isSliceGood({ total: input.total, bad: input.total - input.good }, input.timeSliceTarget),
  slicesToExhaustRatioTimeslices: (input) =>
    slicesToExhaustion({ slices: input.slices, baselineRatio: input.baselineRatio, outageRatio: input.attackRatio, target: input.target }),
  sloReport: (input) =>
    sloStatus(slo(input), { good: input.good, bad: input.bad, ...(input.burnRateThreshold ? { factor: input.burnRateThreshold } : {}) }),
  sloVerdict: (input) => {
    const [passIfBadAtMost, failIfBadAtLeast] = [(firstBad(input, ['inconclusive', 'fail']) ?? 0) - 1, firstBad(input, ['fail']) ?? 0];
    return { passIfBadAtMost, failIfBadAtLeast, inconclusiveBetween: failIfBadAtLeast > passIfBadAtMost + 1 };
  },
  timeToExhaustionSeconds: (input) => timeToExhaustion(slo(input), burn(input)),
  wilsonInterval: (input) => Object.values(wilson(counts(input))),
};

const covered = file.vectors.filter(({ group }) => !elsewhere.includes(group));
const refused = covered.filter(({ expected }) => typeof expected === 'object' && 'error' in expected);
/** The inverse normal and beta distributions are computed in floating point; everything else is the double nearest to the true value. */
const intervals = covered.filter(({ fn }) => fn.endsWith('Interval'));
const exact = covered.filter((vector) => !refused.includes(vector) && !intervals.includes(vector));

const compute = ({ fn, input }: { fn: string; input: unknown }): unknown =>
  (functions[fn] ?? expect.unreachable(`no function for ${fn}`))(input);

it('knows every group of the file: computed here, or by the simulator', () => {
  const computed = [...new Set(covered.map(({ group }) => group))];
  expect([...computed, ...elsewhere].toSorted()).toEqual(file.meta.groups.toSorted());
  console.log(
    `${covered.length} of ${file.vectors.length} vectors are computed here, ${file.vectors.length - covered.length} by the simulator`,
  );
});

/** Of an object only what the file asks for. */
const wanted = (expected: unknown): unknown =>
  typeof expected === 'object' && expected !== null && !Array.isArray(expected) ? expect.objectContaining(expected) : expected;

// Exactly, not within the file's tolerance.
it.each(exact)('$group $id: $fn', (vector) => {
  expect(compute(vector)).toEqual(wanted(vector.expected));
});

it.each(intervals)('$group $id: $fn', (vector) => {
  const found = compute(vector) as readonly number[];
  const errors = (vector.expected as readonly number[]).map((bound, at) => Math.abs(bound - (found[at] ?? Number.NaN)));
  expect(Math.max(...errors)).toBeLessThanOrEqual(vector.tolerance);
});

it.each(refused)('$group $id: $fn refuses it', (vector) => {
  expect(() => compute(vector)).toThrow(SloError);
});

import { describe, expect, it } from 'vitest';
import { calendar, defineSlo, googleSre, rolling, sli, windowAt, type Slo } from '@nines/slo';
import { ruleGroups } from '@nines/slo/prometheus';
import { stringify } from 'yaml';
import { hasPromtool, RuleFolder, testRules } from '../../../tools/soak/slo/promtool.ts';
import { randomFrom, ruleCase } from '../../../tools/soak/slo/rule-cases.ts';
import { complaintsAbout, killsOf, tableOf } from '../../../tools/soak/slo/rule-checks.ts';
import { seed } from './property.ts';

const ratio = sli.ratio({ bad: 'requests_total{route="/process",code=~"5.."}', total: 'requests_total{route="/process"}' });
const latency = sli.latency({ histogram: 'duration_seconds{route="/process"}', threshold: '0.25' });
const short = googleSre({ windows: [{ severity: 'page', longWindow: '1h', shortWindow: '5m', factor: 5, for: '2m' }] });
const base = { service: 'api', objective: '99%', window: rolling('1d'), alerting: short } as const;

/** Rules of one objective over series of your own, at one time: promtool's complaints. */
async function evaluate(
  slo: Slo,
  test: { readonly interval: string } & Record<string, unknown>,
  only?: string,
): Promise<string | undefined> {
  using folder = new RuleFolder();
  const groups = ruleGroups(slo).map(({ name, rules }) => ({
    name,
    rules: rules.filter((rule) => only === undefined || ('record' in rule && rule.record === only)),
  }));
  folder.write('rules.yaml', stringify({ groups }));
  folder.write('own.yaml', stringify({ rule_files: ['rules.yaml'], evaluation_interval: test.interval, tests: [test] }));
  return (await testRules(folder, ['own.yaml'])).get('own.yaml');
}

// promtool comes with Debian's package prometheus. Without it these are skipped and counted.
describe.skipIf(!hasPromtool)('generated rules, in promtool', () => {
  it(`pass its checks and their own tests, for random targets, windows and policies (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    expect(await complaintsAbout(Array.from({ length: 3 }, (_, index) => ruleCase(random, index)))).toEqual([]);
  });

  it('pass them for every kind of indicator and window, and for low traffic', async () => {
    const kinds = {
      slices: sli.timeSlices({ events: ratio, sliceTarget: '99%' }),
      fresh: sli.freshness({ age: 'age_seconds{queue="a"}', threshold: 60 }),
      probe: sli.boolean({ gauge: 'probe_success{job="a"}' }),
      native: sli.latency({ histogram: 'duration_seconds{route="/p"}', threshold: '0.25', histogramType: 'native' }),
    };
    const slos = Object.entries(kinds).map(([name, kind]) =>
      defineSlo({
        ...base,
        name,
        sli: kind,
        alerting: googleSre({ windows: [{ severity: 'page', longWindow: '30m', shortWindow: '5m', factor: 40 }] }),
      }),
    );
    const low = defineSlo({
      ...base,
      name: 'low',
      sli: ratio,
      alerting: googleSre({ windows: short.windows, lowTraffic: { confidence: '98%' } }),
    });
    const month = defineSlo({ ...base, name: 'month', sli: latency, window: calendar({ unit: 'month', timeZone: 'Europe/Berlin' }) });
    expect(await complaintsAbout([...slos, low, month].map((slo) => ({ slo, layout: 'robust' })))).toEqual([]);
  });

  it('come with a test that notices when a rule is broken', async () => {
    // One objective here, many in `npm run soak -- slo`.
    const kills = await killsOf([{ slo: defineSlo({ ...base, name: 'ratio', sli: ratio }), layout: 'robust' }]);
    console.log(tableOf(kills));
    expect(kills.ratio).toBeGreaterThanOrEqual(0.95);
  });

  it("tell each of sloth's pairs from a broken one, though they raise one alert and a wide pair sees what a narrow one does", async () => {
    const windows = [
      { severity: 'page', longWindow: '7200s', shortWindow: '1800s', factor: 7.92 },
      { severity: 'page', longWindow: '14400s', shortWindow: '1200s', factor: 5.465 },
    ] as const;
    const slo = defineSlo({ ...base, name: 'joined', objective: '93.56%', sli: ratio, alerting: googleSre({ windows }) });
    const kills = await killsOf([{ slo, layout: 'sloth' }]);
    expect(kills.ratio, tableOf(kills)).toBeGreaterThanOrEqual(0.95);
  });

  it('say in the alert how much of the budget is spent and how long the rest lasts', async () => {
    const slo = defineSlo({
      ...base,
      name: 'availability',
      sli: ratio,
      runbook: 'https://example.com/runbook',
      description: 'Events refused.',
    });
    const series = ['500', '200'].map((code) => ({ series: `requests_total{route="/process",code="${code}"}`, values: '0+10x120' }));
    const labels = {
      service: 'api',
      slo: 'availability',
      slo_window: '1h',
      slo_tier: '1',
      severity: 'page',
      long_window: '1h',
      short_window: '5m',
    };
    const annotations = {
      summary: 'api: availability spends its error budget more than 5 times as fast as 99% allows',
      description: 'Over 1h and over 5m more than 5 % were bad; an hour at that pace is 20.83 % of the budget of 1d. Events refused.',
      budget_spent: '5000%',
      time_to_exhaustion: '0s',
      runbook_url: 'https://example.com/runbook',
    };
    const alert = {
      eval_time: '60m',
      alertname: 'AvailabilityBudgetBurn',
      exp_alerts: [{ exp_labels: labels, exp_annotations: annotations }],
    };
    expect(await evaluate(slo, { interval: '1m', input_series: series, alert_rule_test: [alert] })).toBe('');
  });

  it('do not page for one failure among ten requests, when they are for low traffic, and do for a real outage', async () => {
    const windows = [{ severity: 'page', longWindow: '1h', shortWindow: '5m', factor: 14.4 }] as const;
    const slo = defineSlo({
      ...base,
      name: 'low',
      objective: '99.9%',
      window: rolling('30d'),
      sli: ratio,
      alerting: googleSre({ windows, lowTraffic: { confidence: '98%' } }),
    });
    const input = (bad: string) => [
      { series: 'requests_total{route="/process",code="500"}', values: bad },
      { series: 'requests_total{route="/process",code="200"}', values: '0 0 0 0 0 0+1x10 9x45' },
    ];
    const count = (value: number) => [
      { expr: 'count(ALERTS{alertname="LowBudgetBurn"}) or vector(0)', eval_time: '60m', exp_samples: [{ labels: '{}', value }] },
    ];
    expect(await evaluate(slo, { interval: '1m', input_series: input('0x57 1x3'), promql_expr_test: count(0) })).toBe('');
    expect(await evaluate(slo, { interval: '1m', input_series: input('0x57 5x3'), promql_expr_test: count(1) })).toBe('');
  });

  const value = (expr: string, minutes: number, expected: number) => ({
    expr: `sum(${expr})`,
    eval_time: `${minutes}m`,
    exp_samples: [{ labels: '{}', value: expected }],
  });

  it('begin anew with the calendar, to the minute', async () => {
    const slo = defineSlo({ ...base, name: 'day', window: calendar({ unit: 'day', startTime: '1969-12-31 18:30:00' }), sli: ratio });
    // All bad until 18:00, all good from then on; the window ends at 18:30.
    const series = (code: string, first: number, rest: number) => ({
      series: `requests_total{route="/process",code="${code}"}`,
      values: `0+${first}x216 ${first * 216}+${rest}x40`,
    });
    const ratioOfDay = 'round(slo:error_ratio{slo_window="1d"}, 0.01)';
    const tests = [
      value(ratioOfDay, 18 * 60, 1),
      value(ratioOfDay, 18 * 60 + 25, 0.98),
      value(ratioOfDay, 18 * 60 + 40, 0),
      value(ratioOfDay, 20 * 60, 0),
    ];
    expect(
      await evaluate(slo, { interval: '5m', input_series: [series('500', 10, 0), series('200', 0, 10)], promql_expr_test: tests }),
    ).toBe('');
  });

  it('know where each month begins, in a time zone with summer time', async () => {
    const window = calendar({ unit: 'month', startTime: '1970-01-01', timeZone: 'America/New_York' });
    const slo = defineSlo({ ...base, name: 'month', window, sli: ratio });
    // Multiples of the interval, so that there is a sample at each.
    const days = [5, 30, 35, 60, 100, 150, 310, 360];
    const starts = days.map((day) =>
      value('slo:period_start:timestamp_seconds', day * 1_440, windowAt(window, day * 86_400_000).startMs / 1_000),
    );
    const only = 'slo:period_start:timestamp_seconds';
    expect(await evaluate(slo, { interval: '5d', input_series: [], promql_expr_test: starts }, only)).toBe('');
  });
});

import { constantFrom, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendar, defineSlo, googleSre, rolling, sli, type Sli, type Slo, type SloWindow } from '@nines/slo';
import { emitOpenSlo, fromOpenSlo, parseOpenSlo, toOpenSlo, validateOpenSlo } from '@nines/slo/openslo';
import { forAll, seed } from '../../test/property.ts';

const events = sli.ratio({ bad: 'errors_total{code=~"5.."}', total: 'requests_total' });
const slo: Slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events });
const text = emitOpenSlo([toOpenSlo(slo)]);
const faults = (broken: string) => validateOpenSlo(broken).map(({ code, path, line }) => `${line} ${path} ${code}`);

describe('an objective as OpenSLO', () => {
  const kinds: readonly Sli[] = [
    events,
    sli.latency({ histogram: 'duration_seconds', threshold: '0.25' }),
    sli.latency({ histogram: 'duration_seconds{route="/a,b"}', threshold: '5' }),
    sli.timeSlices({ events, sliceTarget: '0.95', slice: '5m' }),
    sli.freshness({ age: 'age_seconds', threshold: '60' }),
    sli.boolean({ gauge: 'probe_success' }),
    sli.raw({ bad: 'sum(increase(a[$window]))', total: 'sum(increase(b[$window]))' }),
  ];
  const windows: readonly SloWindow[] = [
    rolling('28d'),
    rolling('4w'),
    calendar({ unit: 'month' }),
    calendar({ unit: 'quarter', count: 2, startTime: '2026-02-03 04:05:06', timeZone: 'Asia/Kolkata' }),
  ];

  it(`comes back as it was, whatever it measures (seed ${seed})`, () => {
    forAll(
      [constantFrom(...kinds), constantFrom(...windows), integer({ min: 500_000, max: 999_999 })],
      (kind, window, millionths) => {
        const one = defineSlo({
          name: 'a',
          service: 'b',
          objective: millionths % 2 === 0 ? `${millionths / 10_000}%` : millionths / 1_000_000,
          window,
          sli: kind,
          alerting: googleSre({ unreachable: 'drop', lowTraffic: { confidence: '98%' } }),
          runbook: 'https://example.com/a',
          description: 'One: "two" # three',
          labels: { team: 'payments' },
        });
        expect(fromOpenSlo(parseOpenSlo(emitOpenSlo([toOpenSlo(one)])))).toEqual([one]);
      },
      100,
    );
  });

  it('is refused where OpenSLO has no word for it', () => {
    const native = sli.latency({ histogram: 'duration_seconds', threshold: '0.25', histogramType: 'native' });
    expect(() => toOpenSlo(defineSlo({ ...base, sli: native }))).toThrow('must be a classic histogram');
    expect(() => toOpenSlo(defineSlo({ ...base, sli: events, window: rolling('1h30m') }))).toThrow('durations of one number and one unit');
  });
});

const base = { name: 'a', service: 'b', objective: '99%', window: rolling('30d') } as const;

describe('parseOpenSlo', () => {
  it('loses nothing, neither documents nor what this package has no use for', () => {
    const many = `apiVersion: openslo/v1
kind: Service
metadata: { name: api, displayName: The API }
---
apiVersion: openslo/v1
kind: SLI
metadata: { name: errors, annotations: { owner: me } }
spec:
  ratioMetric:
    counter: true
    good: { metricSource: { metricSourceRef: prom, type: Prometheus, spec: { query: 'good_total' } } }
    total: { metricSource: { spec: { query: 'all_total' } } }
---
${text.replace(/ {2}indicator:[^]*?(?= {2}timeWindow)/, '  indicatorRef: errors\n')}`;
    const documents = parseOpenSlo(many);
    expect(parseOpenSlo(emitOpenSlo(documents))).toEqual(documents);
    expect(fromOpenSlo(documents)[0]?.sli).toMatchObject({
      type: 'raw',
      bad: 'sum(increase(all_total[$window])) - sum(increase(good_total[$window]))',
    });
  });

  it.each([
    ['target of 100 %', text.replace('targetPercent: 99.9', 'targetPercent: 100'), 'spec.objectives[0].targetPercent invalid-objective'],
    ['target above 100 %', text.replace('targetPercent: 99.9', 'target: 1.5'), 'spec.objectives[0].target invalid-objective'],
    ['no target', text.replace('targetPercent: 99.9', 'displayName: x'), 'spec.objectives[0] invalid-objective'],
    ['unknown key', text.replace('budgetingMethod', 'budgetingMethd'), 'spec.budgetingMethd unknown-key'],
    [
      'minutes for months',
      text.replace('duration: 30d', 'duration: 1m').replace('isRolling: true', 'isRolling: false'),
      'spec.timeWindow[0].duration bad-duration',
    ],
    ['a unit that does not exist', text.replace('30d', '30s'), 'spec.timeWindow[0].duration bad-duration'],
    ['text for a number', text.replace('99.9', 'high'), 'spec.objectives[0].targetPercent wrong-type'],
    ['another kind', text.replace('kind: SLO', 'kind: Dashboard'), 'kind unsupported-kind'],
    ['another version', text.replace('openslo/v1', 'openslo/v2'), 'apiVersion not-allowed'],
    ['broken YAML', text.replace('spec:', 'spec: {'), 'broken-yaml'],
    ['a key twice', `${text}kind: SLO\n`, 'broken-yaml'],
    ['the same name twice', `${text}---\n${text}`, 'metadata.name duplicate-name'],
    [
      'a reference to nothing',
      text.replace(/ {2}indicator:[^]*?(?= {2}timeWindow)/, '  indicatorRef: nothing\n'),
      'spec.indicatorRef unknown-reference',
    ],
    ['nothing at all', '', 'broken-yaml'],
  ])('refuses %s, with path and line', (_, broken, fault) => {
    expect(faults(broken).join('\n')).toContain(fault);
    const found = validateOpenSlo(broken)[0];
    expect(found?.line).toBeGreaterThanOrEqual(1);
    expect(() => parseOpenSlo(broken)).toThrow(expect.objectContaining({ code: 'INVALID_DOCUMENT', findings: validateOpenSlo(broken) }));
  });

  it('says the line on which the fault stands', () => {
    const broken = text.replace('budgetingMethod: Occurrences', 'budgetingMethod: Guesses');
    const line = broken.split('\n').findIndex((one) => one.includes('Guesses')) + 1;
    expect(validateOpenSlo(broken)).toEqual([
      { code: 'not-allowed', path: 'spec.budgetingMethod', line, message: 'must be Occurrences or Timeslices, got "Guesses"' },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { defineSlo, googleSre, pyrra, rolling } from '@nines/slo';
import {
  decide,
  incidentReport,
  postMortem,
  sloReport,
  toJson,
  toMarkdown,
  type BudgetPolicy,
  type IncidentOptions,
} from '@nines/slo/report';
import { outage, simulate } from '@nines/slo/simulate';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
const atMs = Date.UTC(2026, 0, 31);
const withBad = (bad: number, recent?: number) =>
  sloReport(slo, { atMs, events: { total: 1_000_000, bad }, ...(recent === undefined ? {} : { recent: { total: 10_000, bad: recent } }) });

const { history } = simulate(slo, { outages: [outage.step({ at: '10d', lasting: '40m', errorRatio: '20%' })], over: '11d' });
const startMs = 10 * 86_400_000;
const options: IncidentOptions = {
  title: 'Checkout | fails',
  history,
  startMs,
  endMs: startMs + 2_400_000,
  timeline: [{ atMs: startMs + 600_000, text: 'rolled back <b>' }],
  policies: { pyrra: pyrra({ period: '30d' }) },
};
const incident = incidentReport(slo, options);

describe('sloReport and decide', () => {
  it('tells how an objective stands', () => {
    expect(withBad(400)).toMatchObject({
      state: 'met',
      sli: 0.9996,
      burnRate: 0.4,
      from: '2026-01-01T00:00:00Z',
      budget: { remaining: 600 },
    });
    expect(withBad(1_001).state).toBe('missed');
    expect(sloReport(slo, { atMs, events: { total: 0, bad: 0 } })).toMatchObject({ state: 'no-data', sli: null });
    expect(sloReport(slo, { atMs, events: { total: 9, bad: 0 }, minimumEvents: 10 }).state).toBe('no-data');
  });

  it.each([
    [withBad(400), 'ship', ['fine']],
    [withBad(800), 'slow', ['budget-left']],
    [withBad(1_000), 'freeze', ['budget-left']],
    [withBad(100, 30), 'slow', ['burn-rate']],
    [withBad(800, 200), 'freeze', ['burn-rate', 'budget-left']],
    [sloReport(slo, { atMs, events: { total: 0, bad: 0 } }), 'slow', ['no-data']],
  ])('decides by the strictest rule that applies (%#)', (report, decision, rules) => {
    const found = decide(report);
    expect([found.decision, found.reasons.map(({ rule }) => rule)]).toEqual([decision, rules]);
  });

  it('the worst objective decides for all', () => {
    expect(decide([withBad(400), withBad(2_000)])).toMatchObject({
      decision: 'freeze',
      reasons: [{ decision: 'freeze' }, { decision: 'ship' }],
    });
  });

  it.each([
    [[], {}, 'decide takes one report of sloReport or a list of them'],
    [withBad(1), { withoutData: 'hope' }, 'withoutData must be ship, slow or freeze, got "hope"'],
    [withBad(1), { freezeBelow: '50%' }, 'a budget policy must freeze later than it slows'],
    [withBad(1), { slowBellow: 1 }, 'a budget policy has no option "slowBellow"'],
  ])('refuses what decides nothing (%#)', (reports, policy, message) => {
    expect(() => decide(reports, policy as BudgetPolicy)).toThrow(message);
  });
});

describe('incidentReport', () => {
  it('measures detection, resolution and the budget at each moment', () => {
    expect(incident).toMatchObject({
      detectionSeconds: 300,
      resolutionSeconds: 2_100,
      durationSeconds: 2_400,
      events: { total: 24_000, bad: 4_800 },
    });
    expect(incident.budgetSpent).toBeCloseTo(4_800 / (10 * 86_400 * 30 * 0.001), 6);
    const left = incident.timeline.map(({ budgetRemaining }) => budgetRemaining);
    expect(left).toEqual(left.toSorted((a, b) => b - a));
    expect(incident.timeline.map(({ kind }) => kind).slice(0, 4)).toEqual(['start', 'alert', 'event', 'alert']);
  });

  it('says what other policies would have done', () => {
    expect(incident.policies.map(({ policy, alert }) => [policy, alert])).toEqual([
      ['google-sre', 'page 1h'],
      ['pyrra', 'page 3840s'],
    ]);
    expect(incident.policies[1]?.detectionSeconds).toBeGreaterThan(incident.policies[0]?.detectionSeconds ?? 0);
  });

  it.each([
    [{ endMs: startMs }, 'startMs and endMs must follow each other within the history'],
    [{ endMs: startMs * 2 }, 'startMs and endMs must follow each other within the history'],
    [{ startMs: Number.NaN }, 'startMs must be milliseconds since 1970'],
    [{ history: { total: [] } }, 'history must come from simulate or backtest'],
    [{ title: '' }, 'title must be text of 1 to 200 characters'],
    [{ timeline: [{ atMs: 1e99, text: 'x' }] }, 'timeline[0].atMs must be milliseconds since 1970'],
  ])('refuses %o', (change, message) => {
    expect(() => incidentReport(slo, { ...options, ...change } as IncidentOptions)).toThrow(message);
  });
});

describe('toMarkdown and toJson', () => {
  const decision = decide(withBad(800));
  const report = postMortem({
    incident,
    summary: 'A # migration | locked the table.',
    impact: 'One checkout in five failed.',
    causes: ['A migration that takes a lock'],
    wentBadly: ['The roll-back took ten minutes'],
    actions: [{ kind: 'prevent', text: 'Refuse migrations that lock', owner: 'storage' }],
    decision,
  });

  it.each([
    ['slo-report', withBad(400)],
    ['budget-decision', decision],
    ['incident-report', incident],
    ['post-mortem', report],
  ])('%s gives the same bytes again, and JSON that is the report itself', (_, one) => {
    expect(toMarkdown(one)).toBe(toMarkdown(structuredClone(one)));
    expect(toJson(one)).toBe(toJson(structuredClone(one)));
    expect(JSON.parse(toJson(one))).toEqual(one);
    expect(toMarkdown(one)).toMatchSnapshot();
  });

  it('text from people breaks out of nothing', () => {
    expect(toMarkdown(report)).toContain('| rolled back \\<b\\> |');
    expect(toMarkdown(report)).toContain('A \\# migration \\| locked the table.');
    const hostile = incidentReport({ ...slo, name: '"><script>' }, options);
    expect(hostile.svg).not.toContain('<script>');
  });

  it('the picture is an SVG of the budget, the incident shaded, a line for each alert', () => {
    expect(incident.svg).toMatchSnapshot();
    expect(incident.svg.match(/class="(page|ticket)"/g)).toHaveLength(4);
  });

  it('refuses what is no report', () => {
    expect(() => toMarkdown({ kind: 'novel' } as never)).toThrow('a report comes from sloReport, decide, incidentReport or postMortem');
  });
});

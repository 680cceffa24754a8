import type { Dashboard as SdkDashboard, Panel as SdkPanel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from 'vitest';
import { defineSlo, googleSre, rolling, sli } from '@nines/slo';
import { errorBudgetDashboard, goldenSignalsDashboard, type Dashboard, type GoldenSignals, type Panel } from '@nines/slo/grafana';
import { ruleGroups } from '@nines/slo/prometheus';
import { selectorsOf, syntaxFault } from '../prometheus/promql.ts';

const base = { service: 'api', objective: '99.9%', window: rolling('30d') };
const events = sli.ratio({ bad: 'bad_total', total: 'all_total' });
const counted = defineSlo({ ...base, name: 'availability', alerting: googleSre(), sli: events });
const sampled = defineSlo({ ...base, name: 'freshness', alerting: googleSre(), sli: sli.freshness({ age: 'age_seconds', threshold: 60 }) });
const bare = defineSlo({ ...base, name: 'bare', sli: events });
const signals: GoldenSignals = {
  service: 'api',
  latency: 'http_request_duration_seconds{route="/"}',
  traffic: 'http_requests_total',
  errors: 'http_requests_total{code=~"5.."}',
  saturation: [{ title: 'Event loop', query: 'nodejs_eventloop_lag_p99_seconds', unit: 's' }],
};
const queries = ({ panels }: Dashboard) => panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

describe('errorBudgetDashboard', () => {
  it('asks only for series that the rules of the same objectives record, and every query parses', () => {
    for (const slo of [counted, sampled, bare]) {
      const recorded = ruleGroups(slo).flatMap(({ rules }) =>
        rules.map((rule) => ('record' in rule ? `${rule.record} ${rule.labels?.['slo_window'] ?? ''}` : `ALERTS ${rule.alert}`)),
      );
      for (const query of queries(errorBudgetDashboard([slo]))) {
        expect(syntaxFault(query), query).toBeUndefined();
        for (const { metric, matchers } of selectorsOf(query)) {
          const which = matchers.find(({ label }) => label === (metric === 'ALERTS' ? 'alertname' : 'slo_window'))?.value ?? '';
          expect(recorded, query).toContain(`${metric} ${which}`);
          expect(matchers).toContainEqual({ label: 'slo', operator: '=', value: slo.name });
        }
      }
    }
  });

  it('no two panels lie on each other, and none leaves the grid', () => {
    const { panels } = errorBudgetDashboard([counted, sampled, bare]);
    const cells = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x} ${y}`)).toBe(false);
          cells.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('shows no burn rate for an objective without alerts', () => {
    expect(errorBudgetDashboard([bare]).panels.map(({ title }) => title)).not.toContain('Burn rate, in each alert window');
  });

  it.each([
    [() => errorBudgetDashboard([]), 'a dashboard needs 1 to 100 objectives, got 0'],
    [() => errorBudgetDashboard([counted], { uid: 'two words' }), 'uid must be 1 to 40 letters, digits, - and _, got "two words"'],
    [() => errorBudgetDashboard([counted], { colour: 'red' } as never), 'a dashboard has no option "colour"'],
    [() => goldenSignalsDashboard([]), 'a dashboard needs 1 to 50 services, got 0'],
    [() => goldenSignalsDashboard([{ ...signals, latency: 'rate(x[5m])' }]), 'services[0].latency must be a selector'],
    [() => goldenSignalsDashboard([{ ...signals, saturation: [] }]), 'services[0].saturation must be a list of 1 to 6 signals'],
    [
      () => goldenSignalsDashboard([{ ...signals, saturation: [{ title: 'x', query: 'sum(' }] }]),
      'the query of panel Saturation: x must be PromQL',
    ],
  ])('refuses what makes no dashboard (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('goldenSignalsDashboard', () => {
  it("writes only fields that Grafana's own types know: the type check fails for another", () => {
    const made = goldenSignalsDashboard([signals]);
    const fields = Object.keys(made) as (keyof Dashboard)[] satisfies (keyof SdkDashboard)[];
    const panelFields = made.panels.flatMap((panel) => Object.keys(panel) as (keyof Panel)[]) satisfies (keyof SdkPanel | keyof RowPanel)[];
    expect(fields).toContain('panels');
    expect(panelFields).toContain('targets');
  });

  it('has four kinds of panels for each service, and every query parses', () => {
    const made = goldenSignalsDashboard([signals]);
    expect(made.panels.map(({ title }) => title)).toEqual(['api', 'Latency', 'Traffic', 'Errors', 'Saturation: Event loop']);
    for (const query of queries(made)) expect(syntaxFault(query), query).toBeUndefined();
    expect(queries(made)[0]).toBe('histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{route="/"}[5m])))');
  });
});

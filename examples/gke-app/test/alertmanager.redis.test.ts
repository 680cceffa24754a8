import { expect, inject, onTestFinished, test } from 'vitest';
import type { RuleGroup } from '@nines/slo/prometheus';
import identity from '../../../tools/identity/identity.json' with { type: 'json' };
import { committedGroups } from '../../../tools/queries/committed.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { startPrometheus } from '../demo/prometheus/start.ts';
import { startAlertmanager, startServices } from './alertmanager.ts';
import { postEvent, setFaults, testSystem } from './harness.ts';

const [prometheusProgram, alertmanagerProgram] = [onPath('prometheus'), onPath('prometheus-alertmanager') ?? onPath('alertmanager')];
const missing =
  prometheusProgram === undefined || alertmanagerProgram === undefined
    ? 'install the packages prometheus and prometheus-alertmanager of your system'
    : undefined;

interface Alert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

/** What an Alertmanager holds of one objective, by tier. */
async function alertsOf(host: string, slo: string): Promise<Alert[]> {
  const all = (await (await fetch(`http://${host}/api/v2/alerts`)).json()) as Alert[];
  return all
    .filter(({ labels }) => labels['slo'] === slo)
    .toSorted((a, b) => (a.labels['slo_tier'] ?? '').localeCompare(b.labels['slo_tier'] ?? ''));
}

test(
  'an outage of the receiver wakes one person once, by the page with its runbook; nobody without a secret',
  { timeout: 120_000 },
  async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const services = await startServices();
    const filled = await startAlertmanager(alertmanagerProgram ?? '', services, true);
    const bare = await startAlertmanager(alertmanagerProgram ?? '', services, false);
    const system = await testSystem({ redisUrl: inject('redisUrl') });
    const prometheus = await startPrometheus({
      program: prometheusProgram ?? '',
      groups: committedGroups() as readonly RuleGroup[],
      alertmanagers: [filled.host, bare.host],
    });
    onTestFinished(() => prometheus.stop());
    await prometheus.scrape([system.api, ...system.workers].map((child) => ({ name: child.name, url: system.probesUrl(child) })));

    await setFaults(system, { mode: 'status', status: 500 });
    await expect
      .poll(async () => (await postEvent(system.apiUrl, {}), alertsOf(filled.host, 'delivery')), { interval: 250 })
      .toHaveLength(4);
    const of = (alerts: readonly Alert[]) =>
      alerts.map(({ labels, status }) => `${labels['severity']} ${labels['slo_tier']} ${status.state}`);
    await expect
      .poll(async () => of(await alertsOf(filled.host, 'delivery')))
      .toEqual(['page 1 active', 'page 2 suppressed', 'ticket 3 suppressed', 'ticket 4 suppressed']);
    const [page] = await alertsOf(filled.host, 'delivery');
    for (const { status } of (await alertsOf(filled.host, 'delivery')).slice(1)) expect(status.inhibitedBy).toContain(page?.fingerprint);

    await expect.poll(() => services.told).toHaveLength(1);
    const runbook = `${identity.repository}/blob/main/deploy/runbooks/DeliveryBudgetBurn.md`;
    expect(services.told).toMatchObject([
      {
        path: '/pagerduty',
        body: {
          routing_key: 'r'.repeat(32),
          event_action: 'trigger',
          links: [{ href: runbook, text: 'Runbook' }],
          payload: {
            severity: 'critical',
            summary: 'worker: delivery spends its error budget more than 14.4 times as fast as 99.5% allows',
            custom_details: { num_firing: '1' },
          },
        },
      },
    ]);
    const { text } = await bare.child.line((line) => line.text.includes('pagerduty-routing-key: no such file'));
    expect(text).toContain('pager/pagerduty[0]');
  },
);

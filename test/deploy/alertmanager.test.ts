import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../tools/workspace/packages.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

const FILE = join(ROOT, 'deploy/rules/alertmanager.yaml');
const amtool = (args: readonly string[], input = '') => spawnSync('amtool', args, { encoding: 'utf8', input });
const hasAmtool = amtool(['--version']).status === 0;
const receiver = (labels: readonly string[]) => amtool(['config', 'routes', 'test', `--config.file=${FILE}`, ...labels]).stdout.trim();

// Without amtool (Debian: prometheus-alertmanager) these are skipped and counted.
describe.skipIf(!hasAmtool)('deploy/rules/alertmanager.yaml', () => {
  test('is a configuration that Alertmanager takes', () => {
    const { status, stdout, stderr } = amtool(['check-config', FILE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(' - 3 inhibit rules\n - 2 receivers');
  });

  test.each([
    ['severity=page service=api slo=availability', 'pager'],
    ['severity=page alertname=QueueUnknown', 'pager'],
    ['severity=ticket service=worker slo=delivery', 'ticket'],
    ['severity=ticket alertname=BreakerOpen', 'ticket'],
    ['severity=warning', 'ticket'],
    ['alertname=Nameless', 'ticket'],
  ])('%s goes to the %s', (labels, expected) => {
    expect(receiver(labels.split(' '))).toBe(expected);
  });
});

test('each severity of a committed alert has a route of its own, or the first one', () => {
  const { route } = parse(readFileSync(FILE, 'utf8')) as {
    route: { receiver: string; routes: { matchers: string[]; receiver: string }[] };
  };
  const rules = parse(readFileSync(join(ROOT, 'deploy/k8s/gke/objectives.rules.yaml'), 'utf8')) as {
    spec: { groups: { rules: { alert?: string; labels?: Record<string, string> }[] }[] };
  };
  const alerts = rules.spec.groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);
  expect(new Set(alerts.map(({ labels }) => labels?.['severity']))).toEqual(new Set(['page', 'ticket']));
  expect(route).toMatchObject({ receiver: 'ticket', routes: [{ matchers: ['severity="page"'], receiver: 'pager' }] });
});

describe.skipIf(process.platform === 'win32')('deploy/scripts/alertmanager', () => {
  let machine: Machine;
  const key = 'r'.repeat(32);
  const url = 'https://hooks.example.com/services/T0/B0/x&y';
  const file = (name: string, text: string) => {
    writeFileSync(join(machine.repository, name), text);
    return join(machine.repository, name);
  };
  beforeAll(() => {
    machine = makeMachine();
    mkdirSync(join(machine.repository, 'deploy/rules'));
    cpSync(FILE, join(machine.repository, 'deploy/rules/alertmanager.yaml'));
  });
  afterAll(() => machine.remove());

  const filled = () => machine.run('alertmanager', `--pagerduty-key ${file('key', `${key}\n`)} --slack-url ${file('url', url)}`);
  const documentOf = (stdin: string) => parse(stdin) as { kind: string; metadata: object; stringData: { 'alertmanager.yaml': string } };

  test('hands over the committed configuration with the secrets in it, by standard input', () => {
    const { status, stderr, changes, stdin, calls } = filled();
    expect({ status, stderr, changes }).toEqual({ status: 0, stderr: '', changes: ['kubectl apply --filename -'] });
    expect(calls.join('\n')).not.toContain(key);
    const { kind, metadata, stringData } = documentOf(stdin);
    expect({ kind, metadata }).toEqual({ kind: 'Secret', metadata: { name: 'alertmanager', namespace: 'gmp-public' } });
    const { receivers, ...rest } = parse(stringData['alertmanager.yaml']) as { receivers: unknown };
    const { receivers: committed, ...same } = parse(readFileSync(FILE, 'utf8')) as { receivers: unknown };
    expect(rest).toEqual(same);
    expect(receivers).toMatchObject([{ pagerduty_configs: [{ routing_key: key }] }, { slack_configs: [{ api_url: url }] }]);
    expect(committed).toMatchObject([{ pagerduty_configs: [{ links: [{ text: 'Runbook' }] }] }, {}]);
  });

  test.skipIf(!hasAmtool)('what it hands over is a configuration that Alertmanager takes', () => {
    const { stringData } = documentOf(filled().stdin);
    const { status, stderr } = amtool(['check-config', file('filled.yaml', stringData['alertmanager.yaml'])]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    ['there is no file', () => '', 'there is no file "" with the routing key of a PagerDuty service'],
    ['the key is none', () => `--pagerduty-key ${file('key', 'short')}`, 'key does not hold the routing key of a PagerDuty service'],
    [
      'the address is none',
      () => `--pagerduty-key ${file('key', key)} --slack-url ${file('url', 'http://x"y')}`,
      'url does not hold the address of a Slack webhook',
    ],
  ])('refuses when %s, before anything is changed', (_, args, message) => {
    const { status, stderr, changes } = machine.run('alertmanager', args());
    expect({ status, changes }).toEqual({ status: 2, changes: [] });
    expect(stderr).toContain(message);
    expect(stderr).toContain('deploy/scripts/alertmanager --pagerduty-key FILE --slack-url FILE');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../../tools/workspace/packages.ts';
import { followChild, type Child } from '../demo/child.ts';

/** A message, as PagerDuty or Slack would get it. */
export interface Told {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Services {
  readonly url: string;
  readonly told: readonly Told[];
}

/** Takes what is sent to PagerDuty and to Slack, and says that it is fine; ends with the test. */
export async function startServices(): Promise<Services> {
  const told: Told[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    told.push({ path: request.url ?? '', body: (await json(request)) as Told['body'] });
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"success"}');
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

export interface RunningAlertmanager {
  /** `127.0.0.1:9093`. */
  readonly host: string;
  readonly child: Child;
}

/** A real Alertmanager with the committed configuration; only where its secrets lie and where PagerDuty is are the test's own. */
export async function startAlertmanager(program: string, services: Services, filled: boolean): Promise<RunningAlertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-alertmanager-'));
  mkdirSync(join(folder, 'secrets'));
  if (filled) {
    writeFileSync(join(folder, 'secrets/pagerduty-routing-key'), 'r'.repeat(32));
    writeFileSync(join(folder, 'secrets/slack-webhook-url'), `${services.url}/slack`);
  }
  const committed = readFileSync(join(ROOT, 'deploy/rules/alertmanager.yaml'), 'utf8');
  const configuration = parse(committed.replaceAll('/etc/alertmanager/secrets', join(folder, 'secrets'))) as object;
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify({ global: { pagerduty_url: `${services.url}/pagerduty` }, ...configuration }));
  const flags = [`--config.file=${join(folder, 'config.yml')}`, `--storage.path=${join(folder, 'data')}`];
  const own = ['--web.listen-address=127.0.0.1:0', '--cluster.listen-address='];
  const child = followChild('alertmanager', spawn(program, [...flags, ...own], { stdio: ['pipe', 'pipe', 'pipe'] }));
  onTestFinished(async () => {
    await child.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const { text } = await child.line((line) => line.text.includes('Listening on'));
  return { host: /address=(\S+)/.exec(text)?.[1] ?? '', child };
}

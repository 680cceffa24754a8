import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RuleGroup } from '@nines/slo/prometheus';
import { watchdog } from '../../../../tools/redis/watchdog.ts';
import { followChild } from '../child.ts';

/** A process that is scraped. */
export interface Target {
  /** Becomes the label `process`: `api`, `worker`. */
  readonly name: string;
  /** Where its `/metrics` is: `http://127.0.0.1:9464`. */
  readonly url: string;
}

export interface PrometheusOptions {
  readonly program: string;
  /** Evaluated every `evaluateMs`. */
  readonly groups?: readonly RuleGroup[];
  /** Where the files go; default a temporary folder of its own. */
  readonly folder?: string;
  /** Who is told of alerts that fire: `127.0.0.1:9093`. Default nobody. */
  readonly alertmanagers?: readonly string[];
  /** Default 500. */
  readonly scrapeMs?: number;
  /** Default 1000. */
  readonly evaluateMs?: number;
}

/** A Prometheus of our own. */
export interface RunningPrometheus {
  readonly url: string;
  readonly scrapeMs: number;
  readonly evaluateMs: number;
  /** Scrapes these from now on, and no others; resolves once each of them has been scraped. */
  scrape(targets: readonly Target[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real Prometheus on a free loopback port; resolves when it answers. It ends when this process ends, however that is. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const { program, groups = [], alertmanagers = [], scrapeMs = 500, evaluateMs = 1000 } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'nines-prometheus-'));
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const writeTargets = (targets: readonly Target[]) => {
    const list = targets.map(({ name, url }) => ({ targets: [new URL(url).host], labels: { process: name } }));
    writeFileSync(file('targets.part'), JSON.stringify(list));
    renameSync(file('targets.part'), file('targets.json'));
  };
  writeTargets([]);
  // JSON is YAML.
  writeFileSync(file('objectives.rules.yml'), JSON.stringify({ groups }));
  writeFileSync(file('prometheus.yml'), JSON.stringify(configuration(folder, { scrapeMs, evaluateMs, alertmanagers })));
  const flags = [
    `--config.file=${file('prometheus.yml')}`,
    `--storage.tsdb.path=${file('data')}`,
    '--storage.tsdb.retention.time=1d',
    '--web.listen-address=127.0.0.1:0',
  ];
  const server = spawn(program, flags, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const guard = watchdog(server.pid ?? 0);
  const child = followChild('prometheus', server);
  const stop = async () => {
    // Nothing of it is kept, so there is nothing to write before it ends.
    await child.stop('SIGKILL');
    guard?.kill('SIGKILL');
    guard?.stdin?.destroy();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { text } = await child.line((line) => /Listening on/.test(line.text));
    await child.line((line) => line.text.includes('Server is ready'));
    const url = `http://${/address=(\S+)/.exec(text)?.[1]}`;
    const scrape = async (targets: readonly Target[]) => {
      writeTargets(targets);
      await allUp(url, targets);
    };
    return { url, scrapeMs, evaluateMs, scrape, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(
  folder: string,
  { scrapeMs, evaluateMs, alertmanagers }: Required<Pick<PrometheusOptions, 'scrapeMs' | 'evaluateMs' | 'alertmanagers'>>,
): object {
  const scrape = `${scrapeMs}ms`;
  return {
    global: { scrape_interval: scrape, scrape_timeout: scrape, evaluation_interval: `${evaluateMs}ms` },
    alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    rule_files: [join(folder, 'objectives.rules.yml')],
    scrape_configs: [{ job_name: 'example', file_sd_configs: [{ files: [join(folder, 'targets.json')], refresh_interval: '1s' }] }],
  };
}

const UP_WITHIN_MS = 30_000;

async function allUp(url: string, targets: readonly Target[]): Promise<void> {
  const wanted = targets.map((target) => new URL(target.url).host);
  const until = Date.now() + UP_WITHIN_MS;
  for (;;) {
    const answer = (await (await fetch(`${url}/api/v1/targets?state=active`)).json()) as {
      data: { activeTargets: { health: string; labels: { instance: string } }[] };
    };
    const up = new Set(answer.data.activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.instance));
    const missing = wanted.filter((host) => !up.has(host));
    if (missing.length === 0) return;
    if (Date.now() > until) throw new Error(`Prometheus could not scrape ${missing.join(', ')} within ${UP_WITHIN_MS / 1000} s`);
    await pause(100);
  }
}

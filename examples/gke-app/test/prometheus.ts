import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { followChild } from '../demo/child.ts';

/** A real Prometheus on a free port that scrapes these addresses four times a second; it ends with the test. */
export async function startPrometheus(program: string, targets: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-prometheus-'));
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms' },
    scrape_configs: [{ job_name: 'example', static_configs: [{ targets: targets.map((url) => new URL(url).host) }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${folder}`, '--web.listen-address=127.0.0.1:0'];
  const child = followChild('prometheus', spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] }));
  onTestFinished(async () => {
    await child.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const { text } = await child.line((line) => /Listening on/.test(line.text));
  await child.line((line) => line.text.includes('Server is ready'));
  return `http://${/address=(\S+)/.exec(text)?.[1]}`;
}

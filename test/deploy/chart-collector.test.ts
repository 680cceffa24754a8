import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { find, helm, render } from './chart-signals.ts';

/** The configuration of the chart's collector, read by that collector itself where its image can be pulled. */
function docker(...args: string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('docker', args, { encoding: 'utf8', timeout: 120_000 });
  return { ok: status === 0, said: `${stdout ?? ''}${stderr ?? ''}`.trim() };
}

const manifests = helm === undefined ? [] : render('otlp.collector=chart');
const deployment = find(manifests, 'Deployment', 'nines-collector');
const image = deployment && podSpecOf(deployment)?.containers[0]?.image;
const pulled = image !== undefined && docker('pull', '--quiet', image).ok;
if (!pulled) console.warn(`SKIPPED: the collector does not read its configuration here: ${image ?? 'the chart'} cannot be had`);

test.skipIf(!pulled)('the collector of the chart takes its configuration, as the pod runs it', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nines-collector-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // Another user reads it.
  chmodSync(folder, 0o755);
  const config = find(manifests, 'ConfigMap', 'nines-collector')?.data?.['config.yaml'] ?? '';
  const validate = (text: string) => {
    writeFileSync(join(folder, 'config.yaml'), text);
    const hardened = [
      '--read-only',
      '--user',
      '1000:1000',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
      '--network',
      'none',
    ];
    return docker(
      'run',
      '--rm',
      ...hardened,
      '--volume',
      `${folder}:/etc/otelcol:ro`,
      image!,
      'validate',
      '--config=/etc/otelcol/config.yaml',
    );
  };
  expect(validate(config)).toEqual({ ok: true, said: expect.any(String) as string });
  expect(validate(config.replace('queue_size:', 'queue_sise:')).ok).toBe(false);
});

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Docker } from '../../tools/offline/docker.ts';
import { run } from '../../tools/offline/docker-run.ts';

export interface Sizes {
  /** The image's own files, as a layer is packed: gzip of the tar. */
  readonly appBytes: number;
  /** All layers, each as it is packed for a registry. */
  readonly imageBytes: number;
}

export async function sizesOf(daemon: Docker, image: string): Promise<Sizes> {
  const docker: Docker['docker'] = (args, options) => daemon.docker(args, options);
  const folder = mkdtempSync(join(tmpdir(), 'nines-size-'));
  const id = (await docker(['create', image])).trim();
  try {
    const copy = spawn('docker', ['cp', `${id}:/app`, '-'], { env: daemon.env, stdio: ['ignore', 'pipe', 'inherit'] });
    const app = gzipSync(await buffer(copy.stdout));
    await docker(['save', '--output', join(folder, 'image.tar'), image], { timeoutMs: 120_000 });
    await run('tar', ['-xf', 'image.tar'], { cwd: folder });
    const [manifest] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { Layers: string[] }[];
    const layers = (manifest?.Layers ?? []).map((layer) => packed(readFileSync(join(folder, layer))));
    return { appBytes: app.length, imageBytes: layers.reduce((sum, bytes) => sum + bytes, 0) };
  } finally {
    await docker(['rm', id]);
    rmSync(folder, { recursive: true });
  }
}

/** Docker saves layers as they lie on its disk: mostly unpacked. */
function packed(layer: Buffer): number {
  const zipped = layer[0] === 0x1f && layer[1] === 0x8b;
  return zipped ? layer.length : gzipSync(layer).length;
}

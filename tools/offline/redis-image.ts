import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onPath } from '../redis/machine.ts';
import { importImage } from './docker-images.ts';
import { run } from './docker-run.ts';
import type { Docker } from './docker.ts';

// Why this file: where no registry can be reached, this machine's own Redis stands in for the image that the chart names.

/** `sleep` holds the network of a pod, and is in the real image too. */
const PROGRAMS = ['redis-server', 'redis-cli', 'sleep'];

/** Makes an image of this machine's Redis and nothing else, under the name of the real one. @throws Error when a program is missing */
export async function importRedisImage(docker: Pick<Docker, 'env'>, name: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'nines-redis-image-'));
  try {
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    const libraries = new Set<string>();
    for (const program of PROGRAMS) {
      const file = onPath(program) ?? onPath(program.replace('redis', 'valkey'));
      if (file === undefined) throw new Error(`there is no ${program} to make an image of; on Debian: apt-get install redis-server`);
      copyFileSync(file, join(root, 'usr/bin', program));
      for (const [path] of (await run('ldd', [file])).matchAll(/\/\S+/g)) if (/\.so/.test(path)) libraries.add(path);
    }
    for (const path of libraries) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      copyFileSync(path, join(root, path));
    }
    await importImage(docker, root, name, ['--change', 'ENV PATH=/usr/bin']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

import { inject } from 'vitest';
import type { Build } from '../offline/docker-build.ts';
import type { Bases } from '../offline/docker-images.ts';
import { run } from '../offline/docker-run.ts';
import type { Rung } from './rung.ts';

/** How the images of a test run are called: by `imageOf`. */
export const IMAGE_BUILD: Build = { name: 'nines', revision: '0123456789abcdef0123456789abcdef01234567', version: '1.2.3' };

export function imageOf(service: 'api' | 'worker'): string {
  return `${IMAGE_BUILD.name}-${service}:${IMAGE_BUILD.revision}`;
}

/** The one daemon and the one pair of images of this run, as a test file sees them. */
export interface Containers {
  /** Why the tests are left out, or undefined: for `describe.skipIf`. */
  readonly skipped: string | undefined;
  /** For programs that run `docker` themselves. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `docker ARGUMENTS`; gives its output, rejects with it when it fails. */
  readonly docker: (...args: string[]) => Promise<string>;
  /** Resolves when both images are built, with the bases that they stand on; for `beforeAll`. */
  images(): Promise<Bases>;
}

/**
 * Asked at the top of a file: `const containers = await findContainers();`.
 * @throws Error in continuous integration where no container can run and nobody said that this is known.
 */
export async function findContainers(): Promise<Containers> {
  const url = inject('containersUrl');
  const { rung, env } = (await ask(`${url}/docker`).then(JSON.parse)) as { rung: Rung; env: Record<string, string> };
  if (!rung.run && rung.fails) throw new Error(rung.line);
  const all = { ...process.env, ...env };
  return {
    skipped: rung.run ? undefined : rung.line,
    env: all,
    docker: (...args) => run('docker', args, { env: all, timeout: 600_000 }),
    images: async () => JSON.parse(await ask(`${url}/images`)) as Bases,
  };
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

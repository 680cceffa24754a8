import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '../bundle/bundle.ts';
import { ROOT } from '../workspace/packages.ts';
import { basesOf, type Bases } from './docker-images.ts';
import type { Docker } from './docker.ts';

// Why this file: tests and the bench of the images want both built once, from the Dockerfile as it is, on its bases or their stand-ins.

/** What `docker build` is told of the commit, and what the images are called by: `NAME-api:REVISION`. */
export interface Build {
  readonly name: string;
  readonly revision: string;
  readonly version: string;
}

/** The bases that the Dockerfile names, or their stand-ins. */
export function basesHere(docker: Docker): Promise<Bases> {
  return basesOf(docker, { BUILD_IMAGE: dockerfileArgument('BUILD_IMAGE'), BASE_IMAGE: dockerfileArgument('BASE_IMAGE') });
}

/** Builds both images of the working copy. */
export async function buildServices(docker: Docker, bases: Bases, { name, revision, version }: Build): Promise<void> {
  const args = { BUILD_IMAGE: bases.BUILD_IMAGE, BASE_IMAGE: bases.BASE_IMAGE, REVISION: revision, VERSION: version };
  const flags = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  for (const service of SERVICES) {
    const tag = `${name}-${service}:${revision}`;
    await docker.docker(['build', '--network', 'host', '--target', service, ...flags, '-t', tag, ROOT], { timeoutMs: 600_000 });
  }
}

function dockerfileArgument(name: string): string {
  return new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
}

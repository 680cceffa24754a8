import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../../tools/offline/docker-run.ts';
import { startRegistry } from '../../tools/offline/registry.ts';
import { findSupplyTools, type NoTools, type SupplyTools } from '../../tools/offline/supply-tools.ts';
import { onPath } from '../../tools/redis/machine.ts';
import type { Containers } from '../../tools/test/containers.ts';
import { containerRung } from '../../tools/test/rung.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { makeClone, type Clone, type Ran } from './clone.ts';

export type { Ran };

/** A registry, a clone, and the tools to bring the clone's images from the one into the other. */
export interface Supply {
  /** The registry's HOST:PORT. */
  readonly address: string;
  readonly folder: string;
  readonly sha: string;
  /** What push-images said that it pushed, by service. */
  readonly digests: Readonly<Record<string, string>>;
  place(name: string): string;
  image(place: string, service: string): string;
  script(name: string, place: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  cosign(...args: string[]): Promise<string>;
  sign(image: string, key: string): Promise<string>;
  attest(image: string, key: string): Promise<string>;
  /** Pushes an image under a name; gives its digest in the registry. */
  push(image: string, name: string): Promise<string>;
  /** Gives an image another name on this machine alone. */
  tag(image: string, name: string): Promise<string>;
  /** Makes another image, with the same files; gives its id. */
  relabelled(image: string): Promise<string>;
  stop(): Promise<void>;
}

/** The tools, or why the tests are left out. @throws Error in continuous integration, as for Docker. */
export async function supplyHere(containers: Containers): Promise<SupplyTools | NoTools> {
  if (containers.skipped !== undefined) return { reason: containers.skipped };
  const tools = await findSupplyTools();
  if (!('reason' in tools)) return tools;
  const rung = containerRung({ noDocker: tools.reason, skip: undefined, ci: process.env['CI'] });
  if (rung.run || rung.fails) throw new Error(rung.run ? tools.reason : rung.line);
  process.stderr.write(`\n${rung.line}\n\n`);
  return tools;
}

export async function startSupply(containers: Containers, tools: SupplyTools): Promise<Supply> {
  const { BUILD_IMAGE, BASE_IMAGE } = await containers.images();
  const [registry, clone] = await Promise.all([startRegistry(tools.registry), makeClone()]);
  const output = join(clone.home, 'output');
  const env = {
    ...containers.env,
    PATH: [...tools.path, process.env['PATH'] ?? ''].join(delimiter),
    HOME: clone.home,
    DOCKER_CONFIG: tools.dockerConfig,
    BUILD_IMAGE,
    BASE_IMAGE,
    SYFT: process.env['SYFT'] ?? onPath('syft') ?? join(ROOT, 'tools/offline/syft/main.ts'),
    COSIGN_PASSWORD: 'of the test',
    GITHUB_OUTPUT: output,
  };
  const docker = (...args: string[]): Promise<string> => run('docker', args, { env });
  const cosign = (...args: string[]): Promise<string> => run('cosign', args, { env, cwd: clone.home });
  return {
    ...registry,
    ...partsOf(clone, registry.address),
    get digests() {
      return Object.fromEntries(
        [...readFileSync(output, 'utf8').matchAll(/^(\w+)=(sha256:.*)$/gm)].map(([, name, digest]) => [name, digest]),
      );
    },
    script: (name, place, args = [], more = {}) => clone.script(name, ['--registry', place, ...args], { ...env, ...more }),
    cosign,
    sign: (image, key) => cosign('sign', ...signing(clone, key), image),
    attest: (image, key) =>
      cosign(
        'attest',
        ...signing(clone, key),
        '--type',
        'cyclonedx',
        '--predicate',
        join(clone.folder, 'reports/nines-api.cdx.json'),
        image,
      ),
    tag: (image, name) => docker('tag', image, name),
    async push(image, name) {
      await docker('tag', image, name);
      return /digest: (sha256:\S+)/.exec(await docker('push', name))?.[1] ?? '';
    },
    async relabelled(image) {
      const id = (await docker('create', image)).trim();
      const made = await docker('commit', '--change', 'LABEL moved=yes', id);
      await docker('rm', id);
      return made.trim();
    },
    async stop() {
      await registry.stop();
      clone.remove();
    },
  };
}

function partsOf({ folder, sha }: Clone, address: string): Pick<Supply, 'folder' | 'sha' | 'place' | 'image'> {
  return { folder, sha, place: (name) => `${address}/${name}`, image: (place, service) => `${place}/nines-${service}:${sha}` };
}

/** As `sign_options` of deploy/scripts/images.sh has it. */
function signing({ folder }: Clone, key: string): string[] {
  return ['--yes', '--key', join(folder, key), '--signing-config', join(folder, 'deploy/scripts/cosign/no-log.json')];
}

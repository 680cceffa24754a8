/** How this machine can give us a Redis. Pure decision: everything it needs to know comes in through {@link RedisProbes}. */

/** Where a Redis comes from. */
export type RedisPlan =
  | { readonly how: 'url'; readonly url: string }
  | { readonly how: 'program'; readonly program: string }
  | { readonly how: 'install'; readonly by: Installer; readonly commands: readonly (readonly string[])[]; readonly program: string }
  | { readonly how: 'docker'; readonly image: string }
  | { readonly how: 'none'; readonly command: string; readonly reason: string };

type Installer = 'apt' | 'brew';

/** What {@link findRedis} asks of the machine. */
export interface RedisProbes {
  /** `REDIS_URL`, if it is set. */
  readonly url: string | undefined;
  readonly platform: NodeJS.Platform;
  /** True when this process may install packages without asking for a password. */
  readonly root: boolean;
  /** True when someone sits at a terminal and can answer a question. */
  readonly terminal: boolean;
  /** Whether a program of this name is on PATH. */
  has(program: string): boolean;
  /** Whether a Docker daemon answers. */
  dockerAnswers(): Promise<boolean>;
  /** Asks a yes-or-no question; called on a terminal only. */
  confirm(question: string): Promise<boolean>;
}

export const DOCKER_IMAGE = 'redis:8-alpine';

const SERVERS = ['redis-server', 'valkey-server'];
const APT = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120'];

/**
 * Decides where Redis comes from: `REDIS_URL`, a server on PATH, an installation (as root without a terminal at once, on a
 * terminal after a yes), Docker, or nothing: then the plan carries the one command that helps on this system.
 */
export async function findRedis(probes: RedisProbes): Promise<RedisPlan> {
  if (probes.url !== undefined && probes.url !== '') return { how: 'url', url: probes.url };
  const program = SERVERS.find((name) => probes.has(name));
  if (program !== undefined) return { how: 'program', program };
  const install = installation(probes);
  if (install !== undefined && (await permitted(probes, install))) return install;
  if (probes.has('docker') && (await probes.dockerAnswers())) return { how: 'docker', image: DOCKER_IMAGE };
  return { how: 'none', command: remedy(probes), reason: 'no REDIS_URL, no redis-server or valkey-server on PATH, no Docker daemon' };
}

type Install = Extract<RedisPlan, { how: 'install' }>;

function installation(probes: RedisProbes): Install | undefined {
  if (probes.platform === 'linux' && probes.has('apt-get')) {
    if (!probes.root && !probes.has('sudo')) return undefined;
    const as = probes.root ? [] : ['sudo'];
    return {
      how: 'install',
      by: 'apt',
      commands: [
        [...as, ...APT, 'update'],
        [...as, ...APT, 'install', '-y', '--no-install-recommends', 'redis-server'],
      ],
      program: 'redis-server',
    };
  }
  if (probes.has('brew')) return { how: 'install', by: 'brew', commands: [['brew', 'install', 'redis']], program: 'redis-server' };
  return undefined;
}

/** Without a terminal only root on apt installs by itself: a container or a CI job. */
async function permitted(probes: RedisProbes, install: Install): Promise<boolean> {
  if (!probes.terminal) return probes.root && install.by === 'apt';
  const command =
    install.commands
      .at(-1)
      ?.filter((word) => !word.startsWith('-'))
      .join(' ') ?? '';
  return probes.confirm(`Redis is not installed. Run "${command.replace(' DPkg::Lock::Timeout=120', '')}" now?`);
}

/** The one command that puts Redis on this system. */
function remedy(probes: RedisProbes): string {
  if (probes.platform === 'win32')
    return 'wsl --user root -- sh -c "apt-get update && apt-get install -y redis-server && service redis-server start"';
  if (probes.platform === 'darwin') return 'brew install redis';
  if (probes.has('apt-get')) return `${probes.root ? '' : 'sudo '}apt-get install -y redis-server`;
  return `docker run --rm -p 127.0.0.1:6379:6379 ${DOCKER_IMAGE}`;
}

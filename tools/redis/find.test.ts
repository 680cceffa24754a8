import { expect, test } from 'vitest';
import { DOCKER_IMAGE, findRedis, type RedisProbes } from './find.ts';

interface Machine {
  readonly url?: string;
  readonly platform?: NodeJS.Platform;
  readonly root?: boolean;
  readonly terminal?: boolean;
  readonly programs?: readonly string[];
  readonly docker?: boolean;
  readonly yes?: boolean;
}

function machine(given: Machine): RedisProbes & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    url: given.url,
    platform: given.platform ?? 'linux',
    root: given.root ?? false,
    terminal: given.terminal ?? false,
    has: (program) => given.programs?.includes(program) ?? false,
    dockerAnswers: async () => given.docker ?? false,
    async confirm(question) {
      asked.push(question);
      return given.yes ?? false;
    },
  };
}

test('findRedis takes REDIS_URL before everything else', async () => {
  const plan = await findRedis(machine({ url: 'redis://127.0.0.1:1', programs: ['redis-server'] }));
  expect(plan).toEqual({ how: 'url', url: 'redis://127.0.0.1:1' });
});

test('findRedis treats an empty REDIS_URL as not set', async () => {
  expect(await findRedis(machine({ url: '', programs: ['redis-server'] }))).toEqual({ how: 'program', program: 'redis-server' });
});

test('findRedis takes redis-server, then valkey-server, from PATH', async () => {
  expect(await findRedis(machine({ programs: ['valkey-server', 'redis-server'] }))).toEqual({ how: 'program', program: 'redis-server' });
  expect(await findRedis(machine({ programs: ['valkey-server'] }))).toEqual({ how: 'program', program: 'valkey-server' });
});

test('findRedis installs by apt at once as root without a terminal', async () => {
  const probes = machine({ root: true, programs: ['apt-get'] });
  const plan = await findRedis(probes);
  expect(plan).toMatchObject({ how: 'install', by: 'apt', program: 'redis-server' });
  expect(plan.how === 'install' && plan.commands.map((command) => command.join(' '))).toEqual([
    'apt-get -qq -o DPkg::Lock::Timeout=120 update',
    'apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends redis-server',
  ]);
  expect(probes.asked).toEqual([]);
});

test('findRedis asks on a terminal, and installs by apt after a yes', async () => {
  const probes = machine({ root: true, terminal: true, yes: true, programs: ['apt-get'] });
  expect(await findRedis(probes)).toMatchObject({ how: 'install', by: 'apt' });
  expect(probes.asked).toEqual(['Redis is not installed. Run "apt-get install redis-server" now?']);
});

test('findRedis uses sudo on a terminal of a user', async () => {
  const plan = await findRedis(machine({ terminal: true, yes: true, programs: ['apt-get', 'sudo'] }));
  expect(plan.how === 'install' && plan.commands.every(([first]) => first === 'sudo')).toBe(true);
});

test('findRedis installs by brew after a yes', async () => {
  const plan = await findRedis(machine({ platform: 'darwin', terminal: true, yes: true, programs: ['brew'] }));
  expect(plan).toEqual({ how: 'install', by: 'brew', commands: [['brew', 'install', 'redis']], program: 'redis-server' });
});

test('findRedis goes on to Docker after a no', async () => {
  const plan = await findRedis(machine({ terminal: true, yes: false, programs: ['apt-get', 'sudo', 'docker'], docker: true }));
  expect(plan).toEqual({ how: 'docker', image: DOCKER_IMAGE });
});

test('findRedis installs nothing as a user without a terminal, even by brew', async () => {
  const user = machine({ programs: ['apt-get', 'sudo'] });
  expect(await findRedis(user)).toMatchObject({ how: 'none', command: 'sudo apt-get install -y redis-server' });
  const mac = machine({ platform: 'darwin', root: true, programs: ['brew', 'docker'], docker: true });
  expect(await findRedis(mac)).toEqual({ how: 'docker', image: DOCKER_IMAGE });
  expect([...user.asked, ...mac.asked]).toEqual([]);
});

test('findRedis does not take Docker when its daemon does not answer', async () => {
  expect(await findRedis(machine({ programs: ['docker'], docker: false }))).toMatchObject({ how: 'none' });
});

test('findRedis names the one command of each system when nothing is left', async () => {
  const command = async (given: Machine) => {
    const plan = await findRedis(machine(given));
    return plan.how === 'none' ? plan.command : plan.how;
  };
  expect(await command({ programs: ['apt-get'] })).toBe('sudo apt-get install -y redis-server');
  expect(await command({ root: true, terminal: true, programs: ['apt-get'] })).toBe('apt-get install -y redis-server');
  expect(await command({ platform: 'darwin' })).toBe('brew install redis');
  expect(await command({ platform: 'win32' })).toMatch(/^wsl .*redis-server/);
  expect(await command({})).toBe(`docker run --rm -p 127.0.0.1:6379:6379 ${DOCKER_IMAGE}`);
});

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readApiConfig, readWorkerConfig } from '../src/config.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { ROOT } from '../../../tools/workspace/packages.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly [option: string]: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const FILE = join(ROOT, 'examples/gke-app/compose.yaml');
const read = (path: string) => readFileSync(path, 'utf8');
const { services, volumes } = parse(read(FILE), { merge: true }) as Compose;
const dockerfile = read(join(ROOT, 'Dockerfile'));
const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const onDisk = (path: string) => resolve(dirname(FILE), path);

/** `./a:/b:ro` as its parts; those that begin with a dot are files of the repository. */
const mounts = Object.entries(services).flatMap(([service, { volumes: all = [] }]) =>
  all.map((text) => {
    const [source = '', target = '', mode] = text.split(':');
    return { service, source, target, mode, own: source.startsWith('.') };
  }),
);

/** What a service is started with: the variables of its image, then those of the file. */
function environmentOf(name: string): Record<string, string> {
  const ofImage = [...dockerfile.matchAll(/^(?:ENV| {4}) ?([A-Z_]+)=(\S+)/gm)].map(([, key, value]) => [key!, value!]);
  const given = Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
    key,
    value.replace(/^\$\{WEBHOOK_SECRET.*/, secret),
  ]);
  return Object.fromEntries([...ofImage, ...given]) as Record<string, string>;
}

describe.each(Object.entries(services))('%s of compose.yaml', (name, service) => {
  test('runs without rights that it does not need', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      pids_limit: expect.any(Number) as unknown,
      mem_limit: expect.stringMatching(/^\d+[mg]$/) as unknown,
    });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('network_mode');
    // The images of api and worker say so themselves.
    expect(service.build === undefined ? service.user : /^USER (\S+)$/m.exec(dockerfile)?.[1]).toMatch(/^[1-9]\d*:\d+$/);
  });

  test('is an image of an exact version, or a target of the Dockerfile', () => {
    const { build, image = '' } = service;
    const exact = /:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image);
    const built = build !== undefined && onDisk(build.context) === ROOT && dockerfile.includes(` AS ${build.target}\n`);
    expect({ image, exact, built }).toMatchObject(build === undefined ? { exact: true, built: false } : { image: '', built: true });
  });

  test('publishes ports on loopback only, and asks for its health without a shell', () => {
    expect((service.ports ?? []).filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
    expect(service.healthcheck?.test[0]).toBe('CMD');
  });

  test('waits for services that there are, and has files and volumes that there are', () => {
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
    const missing = mounts
      .filter((mount) => mount.service === name)
      .filter(({ source, mode, own }) => (own ? !existsSync(onDisk(source)) || mode !== 'ro' : !(source in volumes)));
    expect(missing).toEqual([]);
  });
});

test('addresses between the services name services', () => {
  const hosts = Object.values(services).flatMap(({ environment = {} }) =>
    Object.values(environment).flatMap((value) => [...value.matchAll(/\w+:\/\/([\w.-]+)/g)].map(([, host]) => host!)),
  );
  expect(hosts.length).toBeGreaterThan(0);
  expect(Object.keys(services)).toEqual(expect.arrayContaining(hosts));
});

test('api and worker start with the variables that they get, and each variable is known', () => {
  expect(readApiConfig(environmentOf('api'))).toMatchObject({
    http: { host: '0.0.0.0', port: 8080 },
    probes: { host: '0.0.0.0', port: 9464 },
  });
  expect(readWorkerConfig(environmentOf('worker'))).toMatchObject({ probes: { host: '0.0.0.0', port: 9464 } });
  const unknown = (name: string, files: string) => {
    const sources = globSync(files, { cwd: ROOT }).map((path) => read(join(ROOT, path)));
    const known = new Set(sources.flatMap((source) => [...source.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, variable]) => variable)));
    return Object.keys(services[name]?.environment ?? {}).filter((given) => !known.has(given) && !given.startsWith('OTEL_'));
  };
  expect(unknown('api', 'examples/gke-app/src/**/*.ts')).toEqual([]);
  expect(unknown('worker', 'examples/gke-app/src/**/*.ts')).toEqual([]);
  expect(unknown('receiver', 'examples/gke-app/demo/receiver.ts')).toEqual([]);
});

test('the receiver runs on the Node.js that the images are built with, Redis is the one of the chart', () => {
  expect(dockerfile).toContain(`ARG BUILD_IMAGE=${services['receiver']?.image}`);
  const { redis } = parse(read(join(ROOT, 'deploy/chart/values.yaml'))) as {
    redis: { image: { repository: string; tag: string; digest: string } };
  };
  expect(services['redis']?.image).toBe(`${redis.image.repository}:${redis.image.tag}@${redis.image.digest}`);
  expect(services['redis']?.command?.join(' ')).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/);
});

/** The files of the repository as a service sees them, below a temporary folder. */
function filesOf(service: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const { source, target } of mounts.filter((mount) => mount.service === service && mount.own)) {
    mkdirSync(dirname(join(folder, target)), { recursive: true });
    cpSync(onDisk(source), join(folder, target), { recursive: true });
  }
  return folder;
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[] }[];
}

test('Prometheus reads api and worker, and finds the generated rules', () => {
  const folder = join(filesOf('prometheus'), 'etc/prometheus');
  const { rule_files, scrape_configs } = parse(read(join(folder, 'prometheus.yml'))) as PrometheusConfig;
  const rules = rule_files.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  expect(rules.toSorted()).toEqual(globSync('rules/*.rules.yaml', { cwd: folder }).toSorted());
  expect(rules.length).toBeGreaterThan(0);
  const scraped = scrape_configs.flatMap(({ dns_sd_configs }) => dns_sd_configs);
  expect(scraped.flatMap(({ names }) => names)).toEqual(['api', 'worker']);
  expect(new Set(scraped.map(({ port }) => port))).toEqual(new Set([9464]));
});

test.skipIf(onPath('promtool') === undefined)('promtool finds no fault in the configuration of Prometheus', () => {
  const file = join(filesOf('prometheus'), 'etc/prometheus/prometheus.yml');
  const printed = execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8', stdio: 'pipe' });
  expect(printed).toMatch(/SUCCESS: \d+ rule files found/);
});

interface Provisioned {
  readonly datasources?: readonly { readonly uid: string; readonly type: string; readonly url: string; readonly jsonData?: object }[];
  readonly providers?: readonly { readonly options: { readonly path: string } }[];
}

test('Grafana is given the committed dashboards, and sources of data that there are', () => {
  const folder = filesOf('grafana');
  const at = (kind: string) => globSync(`etc/grafana/provisioning/${kind}/*.yaml`, { cwd: folder }).map((path) => join(folder, path));
  const all = (kind: string) => at(kind).map((path) => parse(read(path)) as Provisioned);
  const sources = all('datasources').flatMap(({ datasources = [] }) => datasources);
  expect(sources.map(({ url }) => new URL(url).hostname)).toEqual(['prometheus', 'jaeger']);
  expect(JSON.stringify(sources[0]?.jsonData)).toContain(`"datasourceUid":"${sources[1]?.uid}"`);

  const paths = all('dashboards').flatMap(({ providers = [] }) => providers.map(({ options }) => options.path));
  const dashboards = paths.flatMap((path) => globSync('*.json', { cwd: join(folder, path) }).map((file) => join(path, file)));
  expect(dashboards).toHaveLength(globSync('deploy/dashboards/*.json', { cwd: ROOT }).length);
  // Grafana reads folders below as well; what is not its own is hidden.
  const below = globSync('deploy/dashboards/*/', { cwd: ROOT }).map((path) => `/etc/dashboards/${basename(path)}`);
  expect(services['grafana']?.tmpfs).toEqual(expect.arrayContaining(below));
  expect(dashboards).toContain(services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
  // The dashboards choose their source by its kind.
  const kinds = dashboards.flatMap((path) =>
    [...read(join(folder, path)).matchAll(/"type": "datasource",\s+"query": "(\w+)"/g)].map(([, kind]) => kind!),
  );
  expect(sources.map(({ type }) => type)).toEqual(expect.arrayContaining(kinds));
  expect(kinds.length).toBe(dashboards.length);
});

function hasCompose(): boolean {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasCompose())('docker compose accepts the file, and says what is missing without a secret', () => {
  const check = (env: NodeJS.ProcessEnv) =>
    execFileSync('docker', ['compose', '--file', FILE, 'config', '--quiet'], {
      env: { ...process.env, ...env },
      stdio: 'pipe',
      encoding: 'utf8',
    });
  expect(check({ WEBHOOK_SECRET: secret })).toBe('');
  expect(() => check({ WEBHOOK_SECRET: '' })).toThrow('WEBHOOK_SECRET');
});

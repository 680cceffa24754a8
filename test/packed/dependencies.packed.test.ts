import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, inject, onTestFinished, test } from 'vitest';
import { strangerEnv } from '../../tools/stranger/stranger.ts';
import { listPackages } from '../../tools/workspace/packages.ts';
import { runOk } from '../../tools/workspace/run.ts';

const folder = inject('strangerFolder');
const tarballs = inject('tarballs');
const packages = new Map(listPackages().map((one) => [one.short, one]));

/** What each package brings along, as ARCHITECTURE.md promises. A new dependency is a decision: change both. */
const TABLE: Readonly<Record<string, { dependencies: string[]; peers: string[]; optionalPeers: string[] }>> = {
  queue: { dependencies: ['@nines/resilience', 'croner'], peers: ['@opentelemetry/api', 'ioredis'], optionalPeers: [] },
  resilience: { dependencies: ['opossum', 'p-retry'], peers: [], optionalPeers: ['@opentelemetry/api'] },
  telemetry: {
    dependencies: [
      '@opentelemetry/instrumentation-http',
      '@opentelemetry/instrumentation-undici',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-node',
      'pino',
    ],
    peers: ['@opentelemetry/api'],
    optionalPeers: ['@opentelemetry/resource-detector-gcp', 'ioredis'],
  },
  slo: {
    dependencies: ['@lezer/common', '@lezer/highlight', '@lezer/lr', '@prometheus-io/lezer-promql', 'yaml'],
    peers: [],
    optionalPeers: ['expect', 'vitest'],
  },
};

test('the table names every package', () => {
  expect([...packages.keys()].sort()).toEqual(Object.keys(TABLE).sort());
});

test.each(Object.entries(TABLE))('%s brings along what was decided, and no more', (short, expected) => {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = packages.get(short)?.manifest ?? {};
  const optional = (name: string) => peerDependenciesMeta[name]?.optional === true;
  expect({
    dependencies: Object.keys(dependencies).sort(),
    peers: Object.keys(peerDependencies)
      .filter((name) => !optional(name))
      .sort(),
    optionalPeers: Object.keys(peerDependencies).filter(optional).sort(),
  }).toEqual(expected);
});

interface Tree {
  readonly packages: Readonly<Record<string, unknown>>;
}

/** The names npm would install for these tarballs; nothing is downloaded beyond descriptions. */
async function installed(...names: string[]): Promise<string[]> {
  const empty = mkdtempSync(join(tmpdir(), 'nines-tree-'));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  writeFileSync(join(empty, 'package.json'), '{ "private": true }\n');
  const files = names.map((name) => tarballs[name] ?? name);
  const flags = ['--package-lock-only', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await runOk(['npm', 'install', ...flags, ...files], { cwd: empty, env: strangerEnv() });
  const lock = (await import(join(empty, 'package-lock.json'), { with: { type: 'json' } })) as { default: Tree };
  return Object.keys(lock.default.packages)
    .filter((path) => path !== '')
    .map((path) => path.replace(/^.*node_modules\//, ''));
}

test('slo installs with its parsers and nothing else: no test runner comes along', async () => {
  const names = new Set(await installed('@nines/slo'));
  expect([...names].sort()).toEqual(['@nines/slo', ...(TABLE['slo']?.dependencies ?? [])].sort());
});

test.each(['queue', 'telemetry'])('%s installs with one copy of @opentelemetry/api', async (short) => {
  const one = packages.get(short);
  const names = await installed(`@nines/${short}`, ...(one?.siblings ?? []));
  expect(names.filter((name) => name === '@opentelemetry/api')).toHaveLength(1);
});

test('telemetry adds at most 16 packages to what the OpenTelemetry SDK brings along', async () => {
  const sdk = await installed(
    `@opentelemetry/sdk-node@${packages.get('telemetry')?.manifest.dependencies?.['@opentelemetry/sdk-node'] ?? ''}`,
    '@opentelemetry/api',
  );
  const added = (await installed('@nines/telemetry', '@opentelemetry/api')).filter(
    (name) => !sdk.includes(name) && !name.startsWith('@nines/'),
  );
  expect(added.length, added.join(', ')).toBeLessThanOrEqual(16);
});

test.each(['resilience', 'slo'])('@nines/%s itself imports nothing, not even a module of Node', async (short) => {
  const name = `@nines/${short}`;
  const alone = mkdtempSync(join(tmpdir(), 'nines-alone-'));
  onTestFinished(() => rmSync(alone, { recursive: true, force: true }));
  const home = join(alone, 'node_modules', name);
  mkdirSync(home, { recursive: true });
  await runOk(['tar', '-xzf', tarballs[name] ?? '', '-C', home, '--strip-components=1']);
  const bundle = await build({
    stdin: { contents: `export * from '${name}';`, resolveDir: alone },
    bundle: true,
    platform: 'neutral',
    conditions: ['import'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(Object.keys(bundle.metafile.inputs).filter((file) => !file.includes(name) && file !== '<stdin>')).toEqual([]);
});

test('the project of a stranger holds each package once', async () => {
  const printed = await runOk(['npm', 'ls', '--all', '--parseable', '--loglevel=silent'], { cwd: folder, env: strangerEnv() });
  const names = printed
    .trim()
    .split('\n')
    .map((path) => path.replace(/^.*node_modules\//, ''));
  for (const name of [...packages.values()].map((one) => one.name)) expect(names.filter((one) => one === name)).toHaveLength(1);
});

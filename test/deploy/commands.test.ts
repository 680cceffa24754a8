import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../tools/workspace/packages.ts';

/** Every command of ours that a page, a workflow or a script names: the script is there, and knows each option. */
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PLACES = [
  '*.md',
  'docs/**/*.md',
  'deploy/*.md',
  'deploy/runbooks/*.md',
  'deploy/{argocd,chaos}/*.yaml',
  'deploy/scripts/*',
  'deploy/chart/**/*.{yaml,tpl,txt}',
  'examples/gke-app/README.md',
  '.github/workflows/*.yml',
];
const files = globSync(PLACES, { cwd: ROOT }).filter((file) => statSync(join(ROOT, file)).isFile() && !/docs[\\/]api[\\/]/.test(file));

/** `deploy/scripts/upgrade --local   # …` → its name and its options; what comes after `#`, `|`, `;` or a quote is no part of it. */
const COMMAND = /deploy\/(scripts\/[a-z][a-z-]*[a-z]|verify|image)(?![\w./-])((?: +(?:--)?[^\s`#|;&()]+)*)/g;

function optionsOf(script: string): readonly string[] {
  if (script === 'image') return ['help'];
  if (script === 'verify') return [...read('tools/verify/main.ts').matchAll(/^ {2}--([a-z]+)/gm)].map(([, name]) => name!);
  const listed = /^parse_options '([^']*)'/m.exec(read(`deploy/${script}`))?.[1] ?? '';
  return [...listed.split(' '), 'help'];
}

const found = files.flatMap((file) =>
  [...read(file).matchAll(COMMAND)].map(([, script = '', rest = '']) => ({
    file,
    script,
    options: [...rest.matchAll(/(?<= )--([a-z][a-z-]*)/g)].map(([, name]) => name!),
  })),
);

test('every script of a deployment that is named anywhere is there', () => {
  expect(found.length).toBeGreaterThan(100);
  const missing = found.filter(({ script }) => !existsSync(join(ROOT, 'deploy', script)));
  expect(missing.map(({ file, script }) => `${file}: deploy/${script}`)).toEqual([]);
});

test('it knows every option that it is told there', () => {
  const unknown = found.flatMap(({ file, script, options }) => {
    const known = optionsOf(script);
    return options.filter((option) => !known.includes(option)).map((option) => `${file}: deploy/${script} --${option}`);
  });
  expect(found.flatMap(({ options }) => options).length).toBeGreaterThan(100);
  expect(unknown).toEqual([]);
});

test('every script of npm that is named anywhere is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
  const named = files.flatMap((file) => [...read(file).matchAll(/\bnpm run ([a-z][a-z:]*)/g)].map(([, name = '']) => ({ file, name })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ name }) => scripts[name] === undefined)).toEqual([]);
});

test.skipIf(process.platform === 'win32')('the command of deploy/OPERATIONS.md takes every alert out of the rendered rules', () => {
  const [, script = ''] = /^(sed .+) >nines\.rules\.yaml$/m.exec(read('deploy/OPERATIONS.md')) ?? [];
  const rendered = parse(read('deploy/k8s/gke/objectives.rules.yaml')) as { spec: unknown };
  expect(parse(execFileSync('sh', ['-c', script], { cwd: ROOT, encoding: 'utf8' }))).toEqual(rendered.spec);
  expect(JSON.stringify(rendered.spec)).toContain('QueueUnknown');
});

describe.skipIf(process.platform === 'win32')('--help', () => {
  const scripts = globSync('deploy/scripts/*', { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.sh'))
    .map(({ name }) => name);

  test.each(scripts)('deploy/scripts/%s says what it does, and shows each of its options', (name) => {
    const said = execFileSync(join(ROOT, 'deploy/scripts', name), ['--help'], { encoding: 'utf8' });
    const missing = optionsOf(`scripts/${name}`).filter((option) => !['', 'help'].includes(option) && !said.includes(`--${option}`));
    expect(said).toMatch(/^[A-Z][^]+\.\n/);
    expect(missing).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { readExceptions } from './exceptions.ts';

const TODAY = '2026-02-10';
const fixture = (name: string): string => join(ROOT, 'tools/scan/fixtures', `${name}.json`);
const REASON = 'the bundle holds nothing of what is affected';
const exceptionOf = (id: string, name: string, expires: string): string =>
  `exceptions:\n  - { id: ${id}, package: ${name}, reason: ${REASON}, expires: '${expires}' }\n`;

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/scan/main.ts'), ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function verdict(reports: readonly string[], exceptions = 'exceptions: []\n') {
  const folder = mkdtempSync(join(tmpdir(), 'nines-scan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'exceptions.yaml');
  writeFileSync(file, exceptions);
  return run('verdict', '--exceptions', file, '--today', TODAY, ...reports);
}

function written(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-scan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const NOTHING_MENDS_IT = { state: 'not-fixed', versions: [] };
const reportOf = (vulnerability: object): string =>
  JSON.stringify({ matches: [{ vulnerability: { id: 'a', ...vulnerability }, artifact: { name: 'b' } }], descriptor: { name: 'grype' } });

test('a clean report is released', () => {
  expect(verdict([fixture('clean')])).toEqual({ status: 0, stdout: 'released: 0 high or critical, 2 below that\n', stderr: '' });
});

test.each([
  ['critical', 'GHSA-dddd-eeee-ffff in fastify 5.0.0 (fixable-critical.json), mended in 5.0.1'],
  ['high', 'GHSA-gggg-hhhh-iiii in ioredis 6.0.0 (fixable-high.json), mended in 6.0.1, 5.9.9'],
])('a fixable %s refuses, whatever else is clean, and once only', (severity, says) => {
  const report = fixture(`fixable-${severity}`);
  const { status, stdout } = verdict([fixture('clean'), report, report]);
  expect(stdout).toBe(`refused  ${severity} ${says}\nrefused: 1 high or critical, 2 below that\n`);
  expect(status).toBe(1);
});

test('what one report can mend is refused, also where another knows of nothing', () => {
  const fixable = JSON.parse(readFileSync(fixture('fixable-high'), 'utf8')) as { matches: { vulnerability: object }[] };
  const { matches, ...rest } = fixable;
  const unfixable = {
    ...rest,
    matches: matches.map((one) => ({ ...one, vulnerability: { ...one.vulnerability, fix: NOTHING_MENDS_IT } })),
  };
  const { status, stdout } = verdict([written('a.json', JSON.stringify(unfixable)), fixture('fixable-high')]);
  expect(stdout).toContain('refused  high GHSA-gggg-hhhh-iiii in ioredis 6.0.0 (fixable-high.json), mended in 6.0.1, 5.9.9\n');
  expect(status).toBe(1);
});

test('an unfixable critical is told and released: nothing could be done', () => {
  const { status, stdout } = verdict([fixture('unfixable-critical')]);
  expect(stdout).toContain('told     critical CVE-2026-0002 in libssl3t64 3.5.1-1 (unfixable-critical.json), and nothing mends it yet\n');
  expect(stdout).toContain('told     high CVE-2026-0003');
  expect([status, stdout.split('\n').at(-2)]).toEqual([0, 'released: 2 high or critical, 0 below that']);
});

test.each([
  [
    'on its last day',
    '2026-02-10',
    0,
    `excepted critical GHSA-dddd-eeee-ffff in fastify 5.0.0 (fixable-critical.json), until 2026-02-10: ${REASON}`,
  ],
  [
    'once expired',
    '2026-02-09',
    1,
    'refused  critical GHSA-dddd-eeee-ffff in fastify 5.0.0 (fixable-critical.json), mended in 5.0.1; its exception expired on 2026-02-09',
  ],
])('an exception %s', (_, expires, status, says) => {
  const answer = verdict([fixture('fixable-critical')], exceptionOf('GHSA-dddd-eeee-ffff', 'fastify', expires));
  expect(answer.stdout.split('\n')[0]).toBe(says);
  expect(answer.status).toBe(status);
});

test('an exception is for its package only, and one that nothing needs is told', () => {
  const { status, stdout } = verdict([fixture('fixable-critical')], exceptionOf('GHSA-dddd-eeee-ffff', 'other', '2026-02-20'));
  expect(stdout).toContain('refused  critical');
  expect(stdout).toContain('unused   the exception for GHSA-dddd-eeee-ffff of other: remove it\n');
  expect(status).toBe(1);
});

test.each([
  ['no list', 'exceptions:\n', 'the file must hold a list "exceptions", empty when there is none'],
  ['no reason', "exceptions: [{ id: a, package: b, expires: '2026-02-20' }]", 'exceptions[0].reason must be a text, got nothing'],
  [
    'a reason that says nothing',
    "exceptions: [{ id: a, package: b, reason: later, expires: '2026-02-20' }]",
    'exceptions[0].reason must say why',
  ],
  ['a day that is none', exceptionOf('a', 'b', '2026-02-30'), 'exceptions[0].expires must be a date such as 2026-02-10, got "2026-02-30"'],
  ['no end', exceptionOf('a', 'b', '2099-01-01'), 'exceptions[0].expires must be at most 90 days from 2026-02-10, got 2099-01-01'],
  ['a field of another name', 'exceptions: [{ id: a, pkg: b }]', 'exceptions[0].pkg is not known'],
])('exceptions with %s are refused with 2', (_, text, says) => {
  const { status, stderr } = verdict([fixture('clean')], text);
  expect(stderr).toContain(says);
  expect(status).toBe(2);
});

test.each([
  ['is empty', ''],
  ['is cut off', '{"matches": ['],
  ['is of another tool', '{"Results": []}'],
  ['has a match without a name', '{"matches": [{}], "descriptor": {"name": "grype"}}'],
  ['has a severity that nobody knows', reportOf({ severity: 'Severe', fix: NOTHING_MENDS_IT })],
  ['has a severity that is no word', reportOf({ severity: 9.8, fix: NOTHING_MENDS_IT })],
  ['does not say whether it can be mended', reportOf({ severity: 'High' })],
  ['says so by a word that nobody knows', reportOf({ severity: 'High', fix: { state: 'FIXED', versions: ['2.0.0'] } })],
])('a report that %s is no clean one', (_, text) => {
  const { status, stderr } = verdict([fixture('clean'), written('broken.json', text)]);
  expect(stderr).toContain('broken.json');
  expect(status).toBe(2);
});

test('without a report there is no verdict', () => {
  expect(verdict([])).toMatchObject({ status: 2, stdout: '' });
});

test('the exceptions of the repository can be read', () => {
  const today = new Date().toISOString().slice(0, 10);
  expect(readExceptions(readFileSync(join(ROOT, 'deploy/scan-exceptions.yaml'), 'utf8'), today)).toBeInstanceOf(Array);
});

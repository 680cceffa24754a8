import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { experiments, readExperiment } from '../tools/chaos/experiment.ts';
import { committedGroups } from '../tools/queries/committed.ts';
import { ROOT } from '../tools/workspace/packages.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const all = experiments();
const alerts = [...new Set(committedGroups().flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? [])))].toSorted();

test('each alert has an experiment that makes it fire, and no experiment expects one that there is not', () => {
  const expected = new Set(all.map(({ expected: { alert } }) => alert).filter((alert) => alert !== 'none'));
  expect([...expected].toSorted()).toEqual(alerts);
  const tolerated = all.flatMap(({ expected }) => Object.keys(expected.tolerated ?? {}));
  expect(tolerated.filter((alert) => !alerts.includes(alert))).toEqual([]);
});

test.each(alerts)('the runbook of %s names the experiments that make it fire', (alert) => {
  const own = all.filter(({ expected }) => expected.alert === alert).map(({ id }) => id);
  const named = [...read(`deploy/runbooks/${alert}.md`).matchAll(/\.\.\/chaos\/([\w-]+)\.yaml/g)].map(([, id]) => id);
  expect(named).toEqual(own);
});

test.each(all)('$id: what is typed by hand in a cluster names its queue', ({ id }) => {
  const commands = [...read(`deploy/chaos/${id}.yaml`).matchAll(/npx nines-queue \w+(?: [^\s,]+)*/g)].map(([command]) => command);
  expect(commands.filter((command) => !/^npx nines-queue (pause|resume) --queue deliveries --namespace webhooks$/.test(command))).toEqual(
    [],
  );
});

const good = read('deploy/chaos/receiver-down.yaml');
const changed = (change: (file: Record<string, Record<string, unknown>>) => void) => {
  const file = parse(good) as Record<string, Record<string, unknown>>;
  change(file);
  return stringify(file);
};

test.each<[string, string, string]>([
  ['an unknown field', `${good}\nseverity: high\n`, 'Unrecognized key: "severity"'],
  ['no hypothesis', changed((file) => void delete file['hypothesis']), 'at hypothesis'],
  ['a loss that is accepted', changed((file) => void ((file as Record<string, unknown>)['mayBeLost'] = 'a little')), 'expected "nothing"'],
  ['a budget in per cent', changed(({ abort }) => void (abort!['budgetSpent'] = 25)), 'at abort.budgetSpent'],
  ['a fault without an end', changed(({ fault }) => void (fault!['seconds'] = 0)), 'at fault.seconds'],
  ['no steady state', changed(({ steadyState }) => void (steadyState!['queries'] = [])), 'at steadyState.queries'],
  ['an alert without a limit', changed(({ expected }) => void delete expected!['withinSeconds']), 'an expected alert needs withinSeconds'],
  ['a part larger than the whole', changed(({ expected }) => void (expected!['withinSeconds'] = 1)), 'uncompressedSeconds is a part'],
])('%s is refused, with the file and the place', (_, text, message) => {
  expect(() => readExperiment('deploy/chaos/mine.yaml', text)).toThrow(message);
  expect(() => readExperiment('deploy/chaos/mine.yaml', text)).toThrow('deploy/chaos/mine.yaml:');
});

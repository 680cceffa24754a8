import { stringify } from 'yaml';
import { generateRules, ruleGroups } from '@nines/slo/prometheus';
import { mutantsOf, type Mutant, type Operator } from './mutations.ts';
import { checkRules, RuleFolder, testRules } from './promtool.ts';
import type { RuleCase } from './rule-cases.ts';

/** Generates each case and hands all of them to promtool at once; returns its complaints. */
export async function complaintsAbout(cases: readonly RuleCase[]): Promise<string[]> {
  using folder = new RuleFolder();
  const files = cases.flatMap(({ slo, layout }) => generateRules([slo], { layout }).filter(({ path }) => path.startsWith(slo.service)));
  for (const { path, text } of files) folder.write(path, text);
  const paths = (kind: string): string[] => files.map(({ path }) => path).filter((path) => path.endsWith(`.${kind}.yaml`));
  const [checked, tested] = await Promise.all([checkRules(folder, paths('rules')), testRules(folder, paths('test'))]);
  const failed = paths('test').flatMap((path) => {
    const complaint = tested.get(path) ?? 'not tested';
    return complaint === '' ? [] : [`${path}: ${complaint}`];
  });
  return checked === '' ? failed : [checked, ...failed];
}

/** How many mutants of each operator the generated tests killed. */
export interface Kills {
  readonly perOperator: ReadonlyMap<Operator, { killed: number; all: number }>;
  readonly survivors: readonly string[];
  readonly ratio: number;
}

/** Breaks every rule of the cases and counts which of it their generated tests notice. */
export async function killsOf(cases: readonly RuleCase[]): Promise<Kills> {
  using folder = new RuleFolder();
  const mutants = cases.flatMap((one, index) => writeMutants(folder, one, index));
  const half = Math.ceil(mutants.length / 2);
  const results = await Promise.all(
    [mutants.slice(0, half), mutants.slice(half)].map((part) =>
      testRules(
        folder,
        part.map(({ file }) => file),
      ),
    ),
  );
  const merged = new Map(results.flatMap((result) => [...result]));
  const perOperator = new Map<Operator, { killed: number; all: number }>();
  const survivors: string[] = [];
  for (const { mutant, file, about } of mutants) {
    const count = perOperator.get(mutant.operator) ?? { killed: 0, all: 0 };
    perOperator.set(mutant.operator, count);
    count.all += 1;
    if (merged.get(file) === '') survivors.push(`${mutant.operator}: ${about} ${mutant.what}`);
    else count.killed += 1;
  }
  return { perOperator, survivors, ratio: 1 - survivors.length / mutants.length };
}

function writeMutants(folder: RuleFolder, { slo, layout }: RuleCase, index: number): { mutant: Mutant; file: string; about: string }[] {
  const test = generateRules([slo], { layout }).find(({ path }) => path.endsWith('.test.yaml'))?.text ?? '';
  return mutantsOf(ruleGroups(slo, { layout })).map((mutant, at) => {
    const rules = folder.write(
      `${index}-${at}.rules.yaml`,
      stringify({ groups: mutant.groups }, { lineWidth: 0, aliasDuplicateObjects: false }),
    );
    const file = folder.write(`${index}-${at}.test.yaml`, test.replace(/^ {2}- .*\.rules\.yaml$/m, `  - ${rules}`));
    return { mutant, file, about: `${layout} ${slo.objective} ${slo.sli?.type}` };
  });
}

/** The figures of `killsOf` as lines to print. */
export function tableOf({ perOperator, survivors, ratio }: Kills): string {
  const rows = [...perOperator].map(([operator, { killed, all }]) => `  ${operator.padEnd(18)} ${killed} of ${all}`);
  return [`mutants killed: ${(ratio * 100).toFixed(1)} %`, ...rows, ...survivors.map((one) => `  survived: ${one}`)].join('\n');
}

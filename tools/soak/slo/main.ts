import { parseArgs } from 'node:util';
import { simulatorAgainstPromtool } from './against-promtool.ts';
import { hasPromtool } from './promtool.ts';
import { randomFrom, ruleCase } from './rule-cases.ts';
import { complaintsAbout, killsOf, tableOf } from './rule-checks.ts';
import { readBudgets } from './true-budgets.ts';

const HELP = `Usage: npm run soak -- slo [options]

Generated rules in real promtool: random targets, windows, policies and layouts. Each file must pass its check and its own test, and the tests
must notice 95 % of the mutants, rules that are broken on purpose in one place.

  --cases N     objectives to generate and test (default 200)
  --mutants N   objectives whose every rule is broken (default 20)
  --outages N   outages in which the simulator must fire when promtool does; a tenth of them full size (default 200)
  --seed N      of the random numbers (default: printed)
  --help        this text`;

/** Runs the soak; returns the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  const options = {
    cases: { type: 'string' },
    mutants: { type: 'string' },
    outages: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (!hasPromtool) {
    console.error('soak slo: promtool is not here: apt-get install prometheus');
    return 2;
  }
  const seed = Number(values.seed ?? Math.trunc(Math.random() * 0x7fff_ffff));
  const [cases, mutants] = [Number(values.cases ?? 200), Number(values.mutants ?? 20)];
  console.log(`seed ${seed}, ${cases} objectives, ${mutants} of them broken`);
  const random = randomFrom(seed);
  const all = Array.from({ length: Math.max(cases, mutants) }, (_, index) => ruleCase(random, index));
  let complaints = 0;
  // A few dozen files a call: promtool keeps what it read.
  for (let at = 0; at < cases; at += 25) {
    for (const complaint of await complaintsAbout(all.slice(at, Math.min(at + 25, cases)))) {
      complaints += 1;
      console.error(complaint);
    }
  }
  console.log(`${cases - complaints} of ${cases} objectives: rules and their test pass`);
  const kills = await killsOf(all.slice(0, mutants));
  console.log(tableOf(kills));
  for (const layout of ['robust', 'sloth'] as const) {
    for (const { name, truth, recorded } of await readBudgets(layout)) {
      console.log(`${layout}, ${name}: true ${truth.toFixed(4)} of the budget, recorded ${recorded.toFixed(4)}`);
    }
  }
  const late = await simulatorAgainstPromtool(seed, Number(values.outages ?? 200), console.log);
  for (const line of late) console.error(line);
  return complaints === 0 && kills.ratio >= 0.95 && late.length === 0 ? 0 : 1;
}

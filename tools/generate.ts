import { parseArgs } from 'node:util';
import { objectives } from '../examples/gke-app/src/objectives.ts';
import { chartDashboardsGenerator, dashboardsGenerator } from './generate/dashboards.ts';
import { goldenSignals } from './generate/golden-signals.ts';
import { differences, writeAll, type Generator } from './generate/files.ts';
import { guidesGenerator } from './generate/guides.ts';
import { recipesGenerator } from './generate/recipes.ts';
import { chartGenerator, rulesGenerator } from './generate/rules.ts';
import { ROOT } from './workspace/packages.ts';

const dashboards = dashboardsGenerator(objectives, goldenSignals);

/** What is generated from the objectives of the example, what documents show of files, and the versions of recipes. A new generator is one line here. */
const GENERATORS: readonly Generator[] = [
  rulesGenerator(objectives),
  chartGenerator(objectives),
  dashboards,
  chartDashboardsGenerator(dashboards),
  guidesGenerator(ROOT),
  recipesGenerator(ROOT),
];

const HELP = `Usage: npm run generate [-- --check]

Writes what is made from examples/gke-app/src/objectives.ts, what guides show of other files, and the versions that recipes name: ${GENERATORS.map(({ name }) => name).join(', ')}.
Run \`npm run render\` afterwards when the chart changed.

  --check   write nothing; name each file and line that is not as generated
  --help    this text

Exit codes: 0 fine, 1 something differs.`;

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });

function run(check: boolean): number {
  if (!check) {
    for (const generator of GENERATORS) console.log(`${generator.name}: ${writeAll(ROOT, generator)} files`);
    return 0;
  }
  const found = GENERATORS.flatMap((generator) => differences(ROOT, generator));
  for (const line of found) console.error(`${line}: run \`npm run generate\``);
  return found.length === 0 ? 0 : 1;
}

if (values.help === true) console.log(HELP);
else process.exitCode = run(values.check === true);

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findHelm } from './helm.ts';
import { compare, K8S, renderVariant, VARIANTS, write } from './render.ts';

const HELP = `Usage: npm run render [-- --check]

Renders deploy/chart into deploy/k8s, with helm where it is installed, else with its stand-in tools/offline/helm.

  --check   write nothing; name each file and line that differs from what is committed
  --help    this text

Exit codes: 0 fine, 1 something differs or the chart does not render, 2 neither helm nor Go with its libraries is here.`;

const MISSING =
  'render: neither helm nor the Go libraries of its stand-in are installed: apt-get install golang-go golang-github-masterminds-sprig-dev golang-github-ghodss-yaml-dev golang-github-xeipuuv-gojsonschema-dev';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });

function run(check: boolean): number {
  const helm = findHelm();
  if (helm === undefined) {
    console.error(MISSING);
    return 2;
  }
  let differences = 0;
  for (const variant of VARIANTS) {
    const folder = join(K8S, variant.name);
    const files = renderVariant(helm, variant);
    if (!check) write(files, folder);
    for (const { file, line, message } of compare(files, folder)) {
      differences += 1;
      console.error(`deploy/k8s/${variant.name}/${file}:${line} ${message}: run \`npm run render\``);
    }
    if (!check) console.log(`deploy/k8s/${variant.name}: ${files.size} files by ${helm.about}`);
  }
  return differences === 0 ? 0 : 1;
}

if (values.help === true) console.log(HELP);
else process.exitCode = run(values.check === true);

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkHouse } from './check.ts';
import { format } from './finding.ts';

const HELP = `node tools/house/main.ts [--json] [root]

Checks the rules that CONTRIBUTING.md explains. Prints one finding a line: file:line rule message.
Exit status: 0 no finding, 1 findings, 2 wrong use.`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const root =
    positionals[0] === undefined ? fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '') : resolve(positionals[0]);
  const { files, findings } = checkHouse(root);
  if (values.json) console.log(JSON.stringify(findings, null, 2));
  else for (const finding of findings) console.log(format(finding));
  if (!values.json && findings.length === 0) console.log(`${files} files keep the house rules`);
  return findings.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

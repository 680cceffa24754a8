import { parseArgs } from 'node:util';
import { listPackages, ROOT } from '../workspace/packages.ts';
import { applyIdentity, checkIdentity, readIdentity } from './identity.ts';

const HELP = `Usage: npm run identity [-- --check]

Writes the scope and the addresses of tools/identity/identity.json into every manifest; a new scope also into every tracked text.

  --check   write nothing; exit 1 when a manifest differs
  --help    this text

Exit codes: 0 fine, 1 something differs.`;

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });

function run(): number {
  const identity = readIdentity(ROOT);
  const shorts = listPackages().map(({ short }) => short);
  if (values.check !== true) {
    for (const file of applyIdentity(ROOT, identity, shorts)) console.log(`wrote ${file}`);
    return 0;
  }
  const mismatches = checkIdentity(ROOT, identity, shorts);
  for (const { file, message } of mismatches) console.error(`${file}:1 ${message}; run \`npm run identity\``);
  return mismatches.length === 0 ? 0 : 1;
}

if (values.help === true) console.log(HELP);
else process.exitCode = run();

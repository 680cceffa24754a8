import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateModule } from './generate.ts';

const HELP = `Usage: npm run lua [-- --check]

Checks the headers of packages/queue/src/redis/lua/*.lua against their bodies and writes scripts.gen.ts from them.

  --check   write nothing; exit 1 when the generated module differs from the committed one
  --help    this text

Exit codes: 0 fine, 1 a header is wrong or the module is out of date.`;

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });
const folder = join(import.meta.dirname, '../../packages/queue/src/redis');

function run(): number {
  const { module, problems } = generateModule(join(folder, 'lua'));
  for (const { file, line, message } of problems) console.error(`packages/queue/src/redis/lua/${file}:${line} ${message}`);
  if (problems.length > 0) return 1;
  const target = join(folder, 'scripts.gen.ts');
  const committed = existsSync(target) ? readFileSync(target, 'utf8') : '';
  if (committed === module) return 0;
  if (values.check === true) {
    console.error('packages/queue/src/redis/scripts.gen.ts:1 is out of date: run `npm run lua`');
    return 1;
  }
  writeFileSync(target, module);
  console.log('wrote packages/queue/src/redis/scripts.gen.ts');
  return 0;
}

if (values.help === true) console.log(HELP);
else process.exitCode = run();

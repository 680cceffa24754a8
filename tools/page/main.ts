import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatePage } from './generate.ts';

const HELP = `Usage: npm run page [-- --check]

Writes packages/queue/src/console/assets.gen.ts, the page of the queue's console as the package carries it, from the
HTML, CSS and TypeScript of packages/queue/src/console/page.

  --check   write nothing; exit 1 when the generated module differs from the committed one
  --help    this text`;

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });
const folder = join(import.meta.dirname, '../../packages/queue/src/console');

async function run(): Promise<number> {
  const module = await generatePage(join(folder, 'page'));
  const target = join(folder, 'assets.gen.ts');
  const committed = existsSync(target) ? readFileSync(target, 'utf8') : '';
  if (committed === module) return 0;
  if (values.check === true) {
    console.error('packages/queue/src/console/assets.gen.ts:1 is out of date: run `npm run page`');
    return 1;
  }
  writeFileSync(target, module);
  console.log('wrote packages/queue/src/console/assets.gen.ts');
  return 0;
}

if (values.help === true) console.log(HELP);
else process.exitCode = await run();

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../workspace/packages.ts';
import { writeSite } from './site.ts';

const HELP = `Usage: npm run docs [-- --out FOLDER] [--revision NAME]

Writes the site: the guides and all other Markdown pages, the reference of every package, the calculator. Fails when a link is dead or a public
symbol has no word.

  --out       where to; docs/api unless said otherwise
  --revision  the branch or tag that is shown; main unless said otherwise
  --help      this text

Exit codes: 0 fine, 1 something is wrong and was printed.`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'docs/api' },
    revision: { type: 'string', default: 'main' },
    help: { type: 'boolean' },
  },
});

async function run(out: string): Promise<number> {
  process.chdir(ROOT);
  return (await writeSite({ root: ROOT, out, revision: values.revision })) ? 0 : 1;
}

if (values.help === true) console.log(HELP);
else process.exitCode = await run(resolve(values.out));

import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { billOf, bundledPackages, lockedPackages } from './bill.ts';
import { readExceptions } from './exceptions.ts';
import { readReport } from './report.ts';
import { judge } from './verdict.ts';

const HELP = `node tools/scan/main.ts lock --out FILE [LOCKFILE]
node tools/scan/main.ts image --out FILE --name NAME --bill FILE --licences FILE
node tools/scan/main.ts verdict --exceptions FILE [--today DATE] REPORT…

lock     writes a bill of materials (CycloneDX) of package-lock.json
image    adds to the bill of an image what is inside of its bundle
verdict  reads reports of grype, and refuses a high or critical vulnerability that a newer version mends

Exit status: 0 fine, 1 refused, 2 wrong use, or something that cannot be read.`;

const OPTIONS = {
  out: { type: 'string' },
  name: { type: 'string' },
  bill: { type: 'string' },
  licences: { type: 'string' },
  exceptions: { type: 'string' },
  today: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const read = (file: string): string => readFileSync(file, 'utf8');

function main(): number {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const need = (name: Exclude<keyof typeof OPTIONS, 'help'>): string => {
    const value = values[name];
    if (value === undefined || value === '') throw new Error(`--${name} is missing\n\n${HELP}`);
    return value;
  };
  const [command, ...files] = positionals;
  if (values.help) console.log(HELP);
  else if (command === 'lock')
    writeFileSync(need('out'), billOf('package-lock.json', lockedPackages(read(files[0] ?? 'package-lock.json'))));
  else if (command === 'image')
    writeFileSync(need('out'), billOf(need('name'), bundledPackages(read(need('licences'))), read(need('bill'))));
  else if (command === 'verdict' && files.length > 0)
    return verdict(files, need('exceptions'), values.today ?? new Date().toISOString().slice(0, 10));
  else throw new Error(`nothing is known to do with "${positionals.join(' ')}"\n\n${HELP}`);
  return 0;
}

function verdict(files: readonly string[], exceptions: string, today: string): number {
  const findings = files.flatMap((file) => readReport(basename(file), read(file)));
  const { released, lines } = judge(findings, readExceptions(read(exceptions), today), today);
  for (const line of lines) console.log(line);
  return released ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

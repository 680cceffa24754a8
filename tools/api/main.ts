import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from '../build/build.ts';
import { listPackages, ROOT } from '../workspace/packages.ts';
import { reportsOf } from './report.ts';

const HELP = `node tools/api/main.ts [--check]

Writes what users of each entry can see to api/<package>.<entry>.d.ts; with --check, fails when that differs from what is committed.`;

const FOLDER = join(ROOT, 'api');

async function main(check: boolean): Promise<number> {
  await build();
  const wanted = new Map(listPackages().flatMap((one) => [...reportsOf(one)]));
  const present = new Map(globSync('*.d.ts', { cwd: FOLDER }).map((file) => [basename(file), readFileSync(join(FOLDER, file), 'utf8')]));
  const stale = [...new Set([...wanted.keys(), ...present.keys()])].filter((file) => wanted.get(file) !== present.get(file)).sort();
  if (check) {
    for (const file of stale)
      console.log(`api/${file}:${firstDifference(present.get(file), wanted.get(file))} differs: run "npm run api" and commit`);
    if (stale.length === 0) console.log(`${wanted.size} API reports are up to date`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const file of stale) {
    const text = wanted.get(file);
    if (text === undefined) rmSync(join(FOLDER, file));
    else writeFileSync(join(FOLDER, file), text);
    console.log(`api/${file} ${text === undefined ? 'removed' : 'written'}`);
  }
  return 0;
}

function firstDifference(before = '', after = ''): number {
  const [one, two] = [before.split('\n'), after.split('\n')];
  return one.findIndex((line, index) => line !== two[index]) + 1 || one.length;
}

if (process.argv.includes('--help')) console.log(HELP);
else {
  try {
    process.exitCode = await main(process.argv.includes('--check'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

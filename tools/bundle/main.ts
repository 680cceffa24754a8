import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../workspace/packages.ts';
import { bundle, SERVICES } from './bundle.ts';

const HELP = `Usage: node tools/bundle/main.ts [--out FOLDER]

Bundles api and worker of the example into one file each, which runs without node_modules. The Dockerfile calls it.

  --out FOLDER   where to (default examples/gke-app/dist)
  --help         this text

Exit status: 0 done, 1 a bundle is not whole, 2 wrong use.`;

async function main(): Promise<number> {
  let values: { out?: string; help?: boolean };
  try {
    ({ values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const folder = resolve(values.out ?? join(ROOT, 'examples', 'gke-app', 'dist'));
  mkdirSync(folder, { recursive: true });
  for (const service of SERVICES) {
    const { file, bytes, packages } = await bundle(service, folder);
    const zipped = gzipSync(readFileSync(file)).length;
    console.log(`${file}  ${kib(bytes)}, ${kib(zipped)} gzip, ${packages.length} packages`);
  }
  return 0;
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

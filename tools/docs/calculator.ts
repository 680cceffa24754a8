import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Where the calculator's page is, in the repository and in the site alike. */
export const CALCULATOR = 'docs/calculator';

/** Writes the calculator into the site: its HTML and CSS as they are, its TypeScript and `@nines/slo` as one module that browsers run. */
export async function writeCalculator(root: string, site: string): Promise<void> {
  const [from, to] = [join(root, CALCULATOR), join(site, CALCULATOR)];
  mkdirSync(to, { recursive: true });
  for (const file of ['index.html', 'calculator.css']) copyFileSync(join(from, file), join(to, file));
  await build({
    absWorkingDir: root,
    entryPoints: [join(from, 'main.ts')],
    outfile: join(to, 'calculator.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    conditions: ['@nines/source'],

    platform: 'browser',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
  });
}

import { join } from 'node:path';
import { Application } from 'typedoc';
import { listPackages, ROOT } from '../workspace/packages.ts';

/** Writes docs/api from every entry of every package; a warning (a dead link, a public symbol without a word) is a failure. */
async function main(): Promise<number> {
  process.chdir(ROOT);
  const app = await Application.bootstrap({
    options: join(ROOT, 'typedoc.json'),
    // Without this, only symbols of the root package would have to be documented, and it has none.
    packagesRequiringDocumentation: listPackages().map(({ name }) => name),
    entryPoints: listPackages().flatMap(({ entries }) => entries.map(({ source }) => source)),
  });
  const project = await app.convert();
  if (project === undefined) return 1;
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return 1;
  await app.generateOutputs(project);
  return app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;
}

process.exitCode = await main();

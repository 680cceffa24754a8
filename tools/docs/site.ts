import { join } from 'node:path';
import { Application } from 'typedoc';
import { readIdentity, siteOf } from '../identity/identity.ts';
import { listPackages } from '../workspace/packages.ts';
import { linkSymbols } from './api-links.ts';
import { CALCULATOR, writeCalculator } from './calculator.ts';
import { FRONT_PAGE, LINKED_SECTIONS, listPages, SECTION_ORDER } from './documents.ts';
import { anchorsWithCode } from './headings.ts';
import { deadLinks } from './links.ts';
import { linkPages } from './page-links.ts';
import { namePages } from './page-names.ts';

export interface SiteOptions {
  readonly root: string;
  readonly out: string;
  /** The branch or tag that is shown: named in the title, and where links to files that are no pages lead. */
  readonly revision: string;
}

/**
 * Writes the pages, the reference of every entry of every package, and the calculator. A warning (a dead link, a public symbol without a word) is
 * a failure.
 *
 * @returns whether all is well; what is not was printed
 */
export async function writeSite({ root, out, revision }: SiteOptions): Promise<boolean> {
  const packages = listPackages(root);
  const pages = listPages(root);
  const entries = packages.flatMap((one) => one.entries);
  const identity = readIdentity(root);
  const app = await Application.bootstrap({
    options: join(root, 'typedoc.json'),
    out,
    name: revision === 'main' ? 'Nines' : `Nines ${revision.replace(/^.*@/, '')}`,
    navigationLinks: { Versions: siteOf(identity), Repository: identity.repository },
    readme: FRONT_PAGE,
    projectDocuments: pages.map(({ file }) => file),
    groupOrder: [...SECTION_ORDER, '*'],
    router: 'file',
    markdownItLoader: anchorsWithCode,
    // Without this, only symbols of the root package would have to be documented, and it has none.
    packagesRequiringDocumentation: packages.map(({ name }) => name),
    entryPoints: entries.map(({ source }) => source),
  });
  namePages(app, root, pages, new Map(entries.map(({ source, specifier }) => [moduleOf(source), specifier])));
  linkPages(app, { root, address: identity.repository, revision, places: [`${CALCULATOR}/index.html`] });
  linkSymbols(app, new Set(LINKED_SECTIONS));
  const project = await app.convert();
  if (project === undefined) return false;
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return false;
  await app.generateOutputs(project);
  // After typedoc, which empties the folder.
  await writeCalculator(root, out);
  const dead = deadLinks(out);
  for (const { page, link, why } of dead) console.error(`${page}: the link to "${link}" is dead, ${why}`);
  return !app.logger.hasErrors() && !app.logger.hasWarnings() && dead.length === 0;
}

/** What typedoc calls the module of a source file, `queue/src/console`: the path from the folder that all of them share. */
function moduleOf(source: string): string {
  const path = source.replaceAll('\\', '/').replace(/^.*\/packages\//, '');
  return path.replace(/(\/index)?\.ts$/, '');
}

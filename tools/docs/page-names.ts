import { posix } from 'node:path';
import { type Application, Converter, type DocumentReflection, KindRouter, type Reflection, ReflectionKind } from 'typedoc';
import type { Page } from './documents.ts';

const files = new WeakMap<Reflection, string>();

/** A page has the address of its file, so that it stays when the title changes. */
class FileRouter extends KindRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const file = files.get(reflection);
    return file === undefined ? super.getIdealBaseName(reflection) : file.replace(/\.md$/, '');
  }
}

/**
 * Gives pages the name of their first heading and modules the name that is imported, where typedoc takes those of files.
 *
 * @param modules - typedoc's name of each module → what a user imports, `@nines/queue/console`
 */
export function namePages(app: Application, root: string, pages: readonly Page[], modules: ReadonlyMap<string, string>): void {
  const bySource = new Map(pages.map((page) => [posix.join(root.replaceAll('\\', '/'), page.file), page]));
  app.renderer.defineRouter('file', FileRouter);
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const page = bySource.get(document.project.files.getReflectionPath(document) ?? '');
    if (page !== undefined) namePage(document, page);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) module.name = modules.get(module.name) ?? module.name;
  });
}

function namePage(document: DocumentReflection, { file, title, section }: Page): void {
  files.set(document, file);
  document.name = title;
  document.frontmatter['group'] = section;
}

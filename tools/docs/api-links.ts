import {
  type Application,
  type CommentDisplayPart,
  Converter,
  type DocumentReflection,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from 'typedoc';

const NAMED =
  ReflectionKind.Class | ReflectionKind.Function | ReflectionKind.Interface | ReflectionKind.TypeAlias | ReflectionKind.Variable;

/**
 * On the pages of these sections, code that is the name of a module or of one of its exports becomes a link to its reference. So a page is
 * plain Markdown where the repository is read, and knows no address of a generated page.
 */
export function linkSymbols(app: Application, sections: ReadonlySet<string>): void {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const symbols = symbolsOf(project);
    for (const document of project.getReflectionsByKind(ReflectionKind.Document) as DocumentReflection[]) {
      if (!sections.has(String(document.frontmatter['group']))) continue;
      document.content = document.content.map((part, index, parts) => (linkable(parts, index) ? linked(part, symbols) : part));
    }
  });
}

/** Modules by name; exports by name where only one module exports that name. */
function symbolsOf(project: ProjectReflection): ReadonlyMap<string, Reflection> {
  const modules = project.getReflectionsByKind(ReflectionKind.Module);
  const exported = project.getReflectionsByKind(NAMED).filter(({ parent }) => parent !== undefined && modules.includes(parent));
  const byName = Map.groupBy(exported, ({ name }) => name);
  const unique = [...byName].flatMap(([name, found]) => (found.length === 1 && found[0] !== undefined ? [[name, found[0]] as const] : []));
  return new Map([...unique, ...modules.map((module) => [module.name, module] as const)]);
}

/** Code that is no block, and stands in no heading and in no link. */
function linkable(parts: readonly CommentDisplayPart[], index: number): boolean {
  const part = parts[index];
  if (part?.kind !== 'code' || part.text.startsWith('```')) return false;
  const before = parts
    .slice(0, index)
    .map(({ text }) => text)
    .join('');
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return !line.startsWith('#') && line.lastIndexOf('[') <= line.lastIndexOf(']');
}

function linked(part: CommentDisplayPart, symbols: ReadonlyMap<string, Reflection>): CommentDisplayPart {
  const target = symbols.get(part.text.replaceAll('`', ''));
  return target === undefined ? part : { kind: 'inline-tag', tag: '@link', text: part.text, target };
}

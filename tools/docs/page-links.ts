import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import {
  type Application,
  type CommentDisplayPart,
  Converter,
  type DocumentReflection,
  normalizePath,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc';

/** Where what is no page of the site can be read. */
export interface Repository {
  readonly root: string;
  /** Its address. */
  readonly address: string;
  /** The branch or tag whose files are linked. */
  readonly revision: string;
  /** Files that the site has under their own path, though they are no Markdown pages. */
  readonly places: readonly string[];
}

/** A text that may hold links. */
interface Text {
  /** What to call it. */
  readonly from: string;
  /** The folder of its page in the site. */
  readonly folder: string;
  readonly parts: CommentDisplayPart[];
}

const IMAGE = /\.(png|svg|jpe?g|gif|webp)$/;

/**
 * Makes links work on the site as they do in the repository: an address of the repository that is a page becomes a link to the page, and a link to
 * a file that is no page becomes an address of the repository. A link to a file that is not there is a warning.
 */
export function linkPages(app: Application, repository: Repository): void {
  const root = repository.root.replaceAll('\\', '/');
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const text of textsOf(project, root)) {
      const inside = text.parts.flatMap((part) => (part.kind === 'text' ? inward(part.text, project, { ...repository, root }) : [part]));
      const parts = inside.map((part) => outward(part, text.folder, project, { ...repository, root }));
      const dead = parts.filter((part) => part.kind === 'relative-link' && part.target === undefined);
      for (const link of dead) app.logger.warn(`${text.from}: the link to ${link.text} is dead, there is no such file` as never);
      text.parts.splice(0, text.parts.length, ...parts);
    }
  });
}

/** The front page, the pages, the comments. */
function textsOf(project: ProjectReflection, root: string): Text[] {
  const documents = project.getReflectionsByKind(ReflectionKind.Document) as DocumentReflection[];
  const pages = documents.map((document) => {
    const file = posix.relative(root, project.files.getReflectionPath(document) ?? '');
    return { from: file, folder: posix.dirname(file), parts: document.content };
  });
  const comments = Object.values(project.reflections).flatMap((one) => {
    const texts = [one.comment?.summary ?? [], ...(one.comment?.blockTags ?? []).map(({ content }) => content)];
    return texts.map((parts) => ({ from: one.getFullName(), folder: 'functions', parts }));
  });
  return [{ from: 'the front page', folder: '.', parts: project.readme ?? [] }, ...pages, ...comments];
}

/** READMEs are read on npm as well, so they link by address. */
function inward(text: string, { files }: ProjectReflection, { root, address }: Repository): CommentDisplayPart[] {
  const links = new RegExp(String.raw`${address.replaceAll('.', '\\.')}/(?:blob|tree)/main/([^\s)#>"]+)(?:#([\w-]+))?`, 'g');
  const parts: CommentDisplayPart[] = [];
  let end = 0;
  for (const match of text.matchAll(links)) {
    const [link, file = '', targetAnchor] = match;
    const target = kindOf(root, file) === undefined ? undefined : files.registerAbsolute(normalizePath(posix.join(root, file))).target;
    parts.push({ kind: 'text', text: text.slice(end, match.index) }, { kind: 'relative-link', text: link, target, targetAnchor });
    end = match.index + link.length;
  }
  return [...parts, { kind: 'text', text: text.slice(end) }];
}

function outward(part: CommentDisplayPart, folder: string, project: ProjectReflection, repository: Repository): CommentDisplayPart {
  if (part.kind !== 'relative-link' || part.target === undefined) return part;
  const target = project.files.resolve(part.target, project);
  if (typeof target !== 'string' || IMAGE.test(target)) return part;
  const { root, address, revision, places } = repository;
  const file = posix.relative(root, target);
  const anchor = part.targetAnchor === undefined ? '' : `#${part.targetAnchor}`;
  if (places.includes(file)) return { kind: 'text', text: `${posix.relative(folder, file)}${anchor}` };
  return { kind: 'text', text: `${address}/${kindOf(root, file)}/${revision}/${file}${anchor}` };
}

/** How the repository's host names it in addresses; undefined when it is not there. */
function kindOf(root: string, file: string): 'blob' | 'tree' | undefined {
  const found = statSync(join(root, file), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'tree' : 'blob';
}

import { isMap, isScalar, parseAllDocuments, type Document } from 'yaml';

/** A Kubernetes object, as far as every one is alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

/** Every object of a stream of YAML documents; empty documents are left out. */
export function parseManifests(text: string): Manifest[] {
  return documents(text).map((document) => document.toJS() as Manifest);
}

/** File name → content: one object a file, named after the object, comments of the templates kept. */
export function toFiles(text: string, release: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const document of documents(text.replaceAll(/^# Source: .*\n/gm, ''))) {
    const { kind, metadata } = document.toJS() as Manifest;
    const part = metadata.name === release ? '' : `${metadata.name.replace(`${release}-`, '')}.`;
    const name = `${part}${kind.toLowerCase()}.yaml`;
    if (files.has(name)) throw new Error(`two objects would be in ${name}`);
    files.set(name, `${HEADER}${print(document)}`);
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const HEADER = '# Rendered from deploy/chart by `npm run render`: change it there.\n';

function documents(text: string): Document[] {
  return parseAllDocuments(text).filter((document): document is Document.Parsed => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.contents !== null && !(isScalar(document.contents) && document.contents.value === null);
  });
}

/** One way to write it, whichever program rendered it: no blank lines, block style, no folding. */
function print(document: Document): string {
  const { contents } = document;
  const comment = document.commentBefore;
  document.commentBefore = null;
  document.directives = undefined;
  if (isMap(contents) && comment) contents.commentBefore = comment;
  const text = document.toString({ lineWidth: 0, directives: false, indentSeq: true, flowCollectionPadding: false });
  return text.replaceAll(/^\s*\n/gm, '').trimEnd() + '\n';
}

import { LineCounter, parseAllDocuments, stringify, type Document } from 'yaml';

/** A YAML text, parsed: its documents, and where each value stands. */
export interface YamlText {
  readonly documents: readonly YamlDocument[];
}

/** One document of a YAML text. */
export interface YamlDocument {
  /** The plain value. Undefined when the text is broken. */
  readonly value: unknown;
  /** What breaks it, with the line. */
  readonly faults: readonly { readonly message: string; readonly line: number }[];
  /** The line, from 1, on which the value at a path stands; of the nearest thing around it when there is none. */
  lineOf(path: readonly (string | number)[]): number;
}

/** Reads YAML 1.2 strictly: duplicate keys and anchors that blow up are faults. */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, strict: true, prettyErrors: false });
  return { documents: Array.isArray(documents) ? documents.map((document) => readDocument(document, lines)) : [] };
}

function readDocument(document: Document, lines: LineCounter): YamlDocument {
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({ message, line: lines.linePos(pos[0]).line }));
  return {
    faults,
    value: faults.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined,
    lineOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        const range = typeof node === 'object' && node !== null && 'range' in node ? (node.range as readonly number[] | null) : undefined;
        if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
      }
      return 1;
    },
  };
}

/** Writes YAML that reads well in a review: long expressions unbroken, no anchors, multi-line text as a block. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' });
}

import { isBuiltin } from 'node:module';

/** A program shown in a document. */
export interface Program {
  /** The document, from the root. */
  readonly file: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  readonly code: string;
  /** Name of the file that the others of its document import it by: what follows `ts` in its first fence. */
  readonly name?: string;
  /** What it prints, when the document says so: the `text` block that follows a sentence with the word "prints". */
  readonly prints: string | undefined;
}

interface Block {
  readonly language: string;
  readonly name: string | undefined;
  readonly line: number;
  readonly text: string;
  /** The prose between the block before and this one. */
  readonly lead: string;
}

/** Every fenced `ts` block of a document. */
export function programsOf(file: string, markdown: string): Program[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap(({ language, name, line, text }, index) => {
    if (!/^(ts|typescript)$/.test(language)) return [];
    const next = blocks[index + 1];
    const shown = next !== undefined && /^(text|console)?$/.test(next.language) && /prints/i.test(next.lead) ? next.text : undefined;
    return [{ file, line, code: text, ...(name === undefined ? {} : { name }), prints: shown }];
  });
}

/**
 * Every fenced `ts` block of the docstrings of a source file. What such a program prints is said behind its calls of
 * `console.log`: `console.log(x); // 1`; said behind each of them or behind none.
 */
export function programsOfDocstrings(file: string, source: string): Program[] {
  const markdown = source.split('\n').map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? '');
  return programsOf(file, markdown.join('\n')).map((program) => ({ ...program, prints: saidBehind(program.code) }));
}

function saidBehind(code: string): string | undefined {
  const calls = code.split('\n').filter((line) => line.includes('console.log('));
  const said = calls.map((line) => /;\s*\/\/ (.*)$/.exec(line)?.[1]);
  return said.length > 0 && said.every((text) => text !== undefined) ? said.join('\n') : undefined;
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: ReturnType<typeof openedBy> | undefined;
  let lead: string[] = [];
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*([\w-]*)(?: +([\w-]+\.ts))?/.exec(text);
    if (open === undefined && fence !== null) open = openedBy(fence, index + 1);
    else if (open === undefined) lead.push(text);
    else if (fence !== null && text.trim().startsWith(open.fence)) {
      const { language, name, line, lines } = open;
      blocks.push({ language, name, line, text: lines.join('\n'), lead: lead.join('\n') });
      open = undefined;
      lead = [];
    } else open.lines.push(text);
  }
  return blocks;
}

function openedBy([, fence = '', language = '', name]: RegExpExecArray, line: number) {
  return { fence, language, name, line, lines: [] as string[] };
}

/** The third-party packages that a program imports. */
export function importedPackages(code: string): string[] {
  const specifiers = [...code.matchAll(/(?<!')\b(?:from|import\s*\(?)\s*'([^'.][^']*)'/g)].map((match) => match[1] ?? '');
  const names = specifiers
    .filter((one) => !isBuiltin(one))
    .map((one) =>
      one
        .split('/')
        .slice(0, one.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return [...new Set(names)];
}

/**
 * Why the output is not what was shown; undefined when it is. `…` stands for anything within a line, a line of nothing but `…`
 * for any lines; spaces at the end of a line do not count. One time stands for another, one trace, span or unique id for another.
 */
export function mismatch(shown: string, printed: string): string | undefined {
  const wanted = trimLines(anonymous(shown));
  const pattern = wanted.map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(escape).join('.*')}\\n`)).join('');
  const text = `${trimLines(anonymous(printed)).join('\n')}\n`;
  return new RegExp(`^${pattern}$`).test(text) ? undefined : `shown:\n${wanted.join('\n')}\n\nprinted:\n${text}`;
}

function anonymous(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>')
    .replaceAll(/\b([0-9a-f]{32}|[0-9a-f]{16})\b/g, '<id>')
    .replaceAll(/\b[0-9a-f]{4,}…/g, '…');
}

function trimLines(text: string): string[] {
  return text
    .replaceAll('\r\n', '\n')
    .trim()
    .split('\n')
    .map((line) => line.trimEnd());
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The part of a markdown-it token that is needed here; its own types are not among our dependencies. */
interface Token {
  type: string;
  content: string;
  children?: Token[] | null;
}

/** The part of a markdown-it parser that is needed here. */
export interface MarkdownParser {
  readonly core: { readonly ruler: { push(name: string, rule: (state: State) => void): void } };
}

interface State {
  readonly tokens: Token[];
  readonly Token: new (type: string, tag: string, nesting: number) => Token;
}

/**
 * Lets code in a heading count for its anchor, as it does on GitHub: typedoc makes anchors of the text of a heading only, so code becomes text between
 * the marks of code.
 */
export function anchorsWithCode(parser: MarkdownParser): void {
  parser.core.ruler.push('anchors-with-code', ({ tokens, Token }) => {
    const token = (type: string, content: string): Token => Object.assign(new Token(type, '', 0), { content });
    for (const [index, { type }] of tokens.entries()) {
      const inline = tokens[index + 1];
      if (type !== 'heading_open' || inline?.children === undefined || inline.children === null) continue;
      inline.children = inline.children.flatMap((child) =>
        child.type === 'code_inline'
          ? [token('html_inline', '<code>'), token('text', child.content), token('html_inline', '</code>')]
          : [child],
      );
    }
  });
}

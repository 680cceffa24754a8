/** Where a command writes, and how. */
export interface Terminal {
  /** Writes a line of the result. */
  readonly out: (line: string) => void;
  /** Writes a line for people: progress, warnings, errors. */
  readonly err: (line: string) => void;
  /** Puts a text in the place of the last one, to show progress; undefined where lines cannot be overwritten. */
  readonly status: ((line: string) => void) | undefined;
  /** Asks a question; undefined where nobody can answer, because the input is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Columns of the terminal that the result goes to; undefined where that is none. */
  readonly wide: number | undefined;
  /** Whether escape sequences for colours may be written. */
  readonly colours: boolean;
}

const codes = { red: 31, green: 32, yellow: 33, dim: 2 } as const;

/** Colours a text, where colours are shown. */
export function paint({ colours }: Terminal, colour: keyof typeof codes, text: string): string {
  return colours ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text;
}

/** A table: columns in line and no longer than the terminal on a terminal, elsewhere cells with tabs between them. The first row is its head. */
export function writeTable(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  const clean = rows.map((row) => row.map(visible));
  const { wide } = terminal;
  if (wide === undefined) return clean.forEach((row) => terminal.out(row.join('\t')));
  const widths = (clean[0] ?? []).map((_, column) => Math.max(...clean.map((row) => (row[column] ?? '').length)));
  for (const [at, row] of clean.entries()) {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    const fitting = line.length > wide ? `${line.slice(0, wide - 1)}…` : line;
    terminal.out(at === 0 ? paint(terminal, 'dim', fitting) : fitting);
  }
}

/** A text of others without what a terminal would obey: control characters, and those that turn the direction, as JSON writes them. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A moment in words. */
export function momentOf(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().replace('.000Z', 'Z');
}

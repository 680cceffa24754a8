/** One breach of a house rule. */
export interface Finding {
  /** Path from the root, with forward slashes. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

export function format({ file, line, rule, message }: Finding): string {
  return `${file}:${line} ${rule} ${message}`;
}

export function byPlace(a: Finding, b: Finding): number {
  return a.file === b.file ? a.line - b.line || a.rule.localeCompare(b.rule) : a.file < b.file ? -1 : 1;
}

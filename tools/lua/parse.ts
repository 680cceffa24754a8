/** What the header of a Lua script says, with the line of each statement. */
export interface LuaScript {
  readonly kind: 'SCRIPT' | 'FRAGMENT';
  readonly name: string;
  readonly summary: string;
  readonly keys: readonly string[];
  readonly argv: string;
  readonly returns: string;
  readonly uses: readonly string[];
  readonly body: string;
}

export interface LuaFinding {
  readonly line: number;
  readonly message: string;
}

const FIELDS = ['KEYS', 'ARGV', 'RETURNS', 'STATE', 'COST', 'USES'] as const;
type Field = (typeof FIELDS)[number];

/**
 * Parses one Lua file. A script starts with `-- SCRIPT name: what it does` and the six header lines, a fragment with
 * `-- FRAGMENT name: what it does`. Findings are what the header says that the body does not do, and the reverse.
 */
export function parseLua(source: string): { script: LuaScript | undefined; findings: LuaFinding[] } {
  const lines = source.split('\n');
  const first = /^-- (SCRIPT|FRAGMENT) ([a-z_]+): (.+)$/.exec(lines[0] ?? '');
  if (first === null) {
    return { script: undefined, findings: [{ line: 1, message: 'the first line must be `-- SCRIPT name: …` or `-- FRAGMENT name: …`' }] };
  }
  const findings: LuaFinding[] = [];
  const kind = first[1] === 'SCRIPT' ? 'SCRIPT' : 'FRAGMENT';
  const header = readHeader(lines, kind, findings);
  const script: LuaScript = {
    kind,
    name: first[2] ?? '',
    summary: first[3] ?? '',
    keys: words(header.values.KEYS),
    argv: header.values.ARGV ?? '',
    returns: header.values.RETURNS ?? '',
    uses: words(header.values.USES),
    body: lines.slice(header.end).join('\n'),
  };
  if (kind === 'SCRIPT') findings.push(...checkKeys(script.keys, lines), ...checkArguments(script.argv, lines));
  return { script, findings };
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}

function readHeader(lines: readonly string[], kind: string, findings: LuaFinding[]) {
  const values: Partial<Record<Field, string>> = {};
  if (kind === 'FRAGMENT') return { values, end: 1 };
  for (const [index, field] of FIELDS.entries()) {
    const line = lines[index + 1] ?? '';
    if (line.startsWith(`-- ${field}:`)) values[field] = line.slice(`-- ${field}:`.length).trim();
    else findings.push({ line: index + 2, message: `expected the header line \`-- ${field}: …\`, got \`${line}\`` });
  }
  return { values, end: 1 + FIELDS.length };
}

/** Every key of the header is bound once, under its own name, to its own index: `name = KEYS[n]`. */
function checkKeys(keys: readonly string[], lines: readonly string[]): LuaFinding[] {
  const findings: LuaFinding[] = [];
  const seen = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('--')) continue;
    for (const match of line.matchAll(/(?:([a-z_]+)\s*=\s*)?KEYS\[(\d+)\]/g)) {
      const position = Number(match[2]);
      const expected = keys[position - 1];
      seen.add(position);
      if (expected === undefined)
        findings.push({ line: index + 1, message: `KEYS[${position}] is not in the header, which names ${keys.length} keys` });
      else if (match[1] !== expected) {
        findings.push({
          line: index + 1,
          message: `KEYS[${position}] is bound to \`${match[1] ?? 'nothing'}\`, the header says \`${expected}\``,
        });
      }
    }
  }
  for (const [index, name] of keys.entries()) {
    if (!seen.has(index + 1))
      findings.push({ line: 2, message: `the header names the key \`${name}\`, but the body never reads KEYS[${index + 1}]` });
  }
  return findings;
}

/** The body reads no single ARGV index beyond what the header lists before its first repeated group. */
function checkArguments(argv: string, lines: readonly string[]): LuaFinding[] {
  const single = words(argv.split('{')[0]).length;
  const repeated = argv.includes('{');
  const findings: LuaFinding[] = [];
  const seen = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('--')) continue;
    for (const match of line.matchAll(/ARGV\[(\d+)\]/g)) {
      const position = Number(match[1]);
      seen.add(position);
      if (position > single)
        findings.push({
          line: index + 1,
          message: `ARGV[${position}] is not in the header, which lists ${single} arguments${repeated ? ' before the repeated ones' : ''}`,
        });
    }
  }
  for (let position = 1; position <= single; position += 1) {
    if (!seen.has(position))
      findings.push({ line: 3, message: `the header lists ${single} arguments, but the body never reads ARGV[${position}]` });
  }
  return findings;
}

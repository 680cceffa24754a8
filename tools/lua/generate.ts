import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseLua, type LuaScript } from './parse.ts';

export interface LuaProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const FRAGMENT_LINES_MAX = 60;

/** Reads a folder of Lua files; returns the text of the typed module made from them, and what is wrong with them. */
export function generateModule(folder: string): { module: string; problems: LuaProblem[] } {
  const problems: LuaProblem[] = [];
  const scripts = new Map<string, LuaScript>();
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.lua'))
    .sort()) {
    const source = readFileSync(join(folder, file), 'utf8');
    const { script, findings } = parseLua(source);
    problems.push(...findings.map((finding) => ({ file, ...finding })));
    const lines = source.trimEnd().split('\n').length;
    if (lines > FRAGMENT_LINES_MAX)
      problems.push({
        file,
        line: FRAGMENT_LINES_MAX + 1,
        message: `${lines} lines; at most ${FRAGMENT_LINES_MAX} are allowed, move a fragment out`,
      });
    if (script === undefined) continue;
    if (`${script.name}.lua` !== file) problems.push({ file, line: 1, message: `the header names \`${script.name}\`` });
    scripts.set(script.name, script);
  }
  problems.push(...unknownFragments(scripts));
  const entries = [...scripts.values()].filter(({ kind }) => kind === 'SCRIPT').map((script) => entry(script, scripts));
  return { module: [HEAD, ...entries].join('\n'), problems };
}

const HEAD = `// Generated from ./lua by \`npm run lua\`; do not edit.

/** A Lua script ready for EVALSHA; \`keys\` names its KEYS in order. */
export interface Script<Key extends string = string> {
  readonly name: string;
  readonly keys: readonly Key[];
  readonly sha: string;
  readonly source: string;
}
`;

function unknownFragments(scripts: ReadonlyMap<string, LuaScript>): LuaProblem[] {
  return [...scripts.values()].flatMap((script) =>
    script.uses
      .filter((name) => scripts.get(name)?.kind !== 'FRAGMENT')
      .map((name) => ({ file: `${script.name}.lua`, line: 7, message: `USES names the fragment \`${name}\`, which does not exist` })),
  );
}

function entry(script: LuaScript, scripts: ReadonlyMap<string, LuaScript>): string {
  const parts = [...script.uses.map((name) => scripts.get(name)?.body ?? ''), script.body];
  const source = strip(parts.join('\n'));
  const sha = createHash('sha1').update(source).digest('hex');
  const type = script.keys.map((key) => `'${key}'`).join(' | ');
  return `/** ${script.summary} ARGV: \`${script.argv}\`. Returns \`${script.returns}\`. */
export const ${script.name}: Script<${type}> = {
  name: '${script.name}',
  keys: [${script.keys.map((key) => `'${key}'`).join(', ')}],
  sha: '${sha}',
  source: ${JSON.stringify(source)},
};
`;
}

/** Comments and blank lines are for readers of the files, not for Redis. */
function strip(source: string): string {
  return source
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('--'))
    .join('\n');
}

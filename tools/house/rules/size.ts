import ts from 'typescript';
import type { Finding } from '../finding.ts';
import { isTest, type House } from '../house.ts';
import { countLines, lineOf, walk, type Source } from '../source.ts';

/** The longest a file, a function and a Lua fragment may be, in lines. */
const LIMITS: Readonly<Record<'file' | 'function' | 'lua', number>> = Object.freeze({ file: 300, function: 70, lua: 60 });

const MEASURED = /^(packages\/[^/]+\/(src|test|examples)|examples\/[^/]+\/(src|demo|test)|tools|bench|test)\//;

/** Files and functions stay short enough to be read at one sitting; tests answer for their files only. */
export function size(house: House): Finding[] {
  const measured = [...house.sources.values()].filter(({ file }) => MEASURED.test(file));
  return [...measured.flatMap(fileSize), ...measured.filter(({ file }) => !isTest(file)).flatMap(functionSizes), ...luaSizes(house)];
}

function fileSize({ file, lines }: Source): Finding[] {
  if (lines <= LIMITS.file) return [];
  return [{ file, line: LIMITS.file + 1, rule: 'file-size', message: `${lines} lines, at most ${LIMITS.file}` }];
}

function functionSizes({ file, ast }: Source): Finding[] {
  const findings: Finding[] = [];
  walk(ast, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const line = lineOf(ast, node);
    const lines = ast.getLineAndCharacterOfPosition(node.end).line + 2 - line;
    if (lines <= LIMITS.function) return;
    findings.push({ file, line, rule: 'function-size', message: `${nameOf(node)} has ${lines} lines, at most ${LIMITS.function}` });
  });
  return findings;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named === undefined ? 'a function' : named.getText();
}

function luaSizes(house: House): Finding[] {
  return house.files.flatMap((file) => {
    if (!/^packages\/[^/]+\/src\/.*\.lua$/.test(file)) return [];
    const lines = countLines(house.read(file));
    return lines <= LIMITS.lua ? [] : [{ file, line: LIMITS.lua + 1, rule: 'lua-size', message: `${lines} lines, at most ${LIMITS.lua}` }];
  });
}

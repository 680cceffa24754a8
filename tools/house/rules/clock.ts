import ts from 'typescript';
import type { Finding } from '../finding.ts';
import { isPublished, type House } from '../house.ts';
import { lineOf, walk } from '../source.ts';

const GLOBALS = new Set(['Date', 'performance', 'setTimeout', 'setInterval']);
const MEMBERS = new Set(['Math.random', 'AbortSignal.timeout', 'process.hrtime']);
const MODULES = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks', 'timers', 'timers/promises', 'perf_hooks']);

/** Only `clock.ts` touches time and chance. Turning a given number into a date (`new Date(ms)`, `Date.UTC`) reads no clock and is free. */
export function clock(house: House): Finding[] {
  const findings: Finding[] = [];
  for (const { file, ast, imports } of house.sources.values()) {
    if (!isPublished(file) || file.endsWith('/clock.ts')) continue;
    const report = (line: number, used: string) =>
      findings.push({ file, line, rule: 'clock', message: `${used} is used outside of clock.ts` });
    for (const { specifier, line, typeOnly } of imports) if (MODULES.has(specifier) && !typeOnly) report(line, specifier);
    walk(ast, (node) => {
      const used = usedSource(node);
      if (used !== undefined) report(lineOf(ast, node), used);
    });
  }
  return findings;
}

function usedSource(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const member = node
      .getText()
      .replace(/^globalThis\./, '')
      .replaceAll('?.', '.');
    if (MEMBERS.has(member)) return member;
    return /^globalThis\??\.(\w+)$/.test(node.getText()) && GLOBALS.has(node.name.text) ? node.name.text : undefined;
  }
  if (!ts.isIdentifier(node) || !GLOBALS.has(node.text) || !isValue(node) || isPureDate(node)) return undefined;
  return node.text;
}

/** A use of the global, not a name of a type, a property, a parameter or a declaration. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isExpressionWithTypeArguments(parent)) return true;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) return parent.initializer === node;
  return ts.isExpression(parent) || ts.isStatement(parent);
}

function isPureDate(node: ts.Identifier): boolean {
  const { parent } = node;
  if (node.text !== 'Date') return false;
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) > 0;
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
  return ts.isPropertyAccessExpression(parent) && /^(UTC|parse)$/.test(parent.name.text);
}

import ts from 'typescript';
import type { Finding } from '../finding.ts';
import { isPublished, type House } from '../house.ts';
import { lineOf, walk } from '../source.ts';

const MAY_READ = /^packages\/telemetry\/src\/(start|register|environment)(\.ts|\/)|^packages\/[^/]+\/src\/cli\.ts$/;

/** Packages read no environment variable, except telemetry's start and register and each command line. */
export function environment(house: House): Finding[] {
  const findings: Finding[] = [];
  for (const { file, ast } of house.sources.values()) {
    if (!isPublished(file) || MAY_READ.test(file)) continue;
    walk(ast, (node) => {
      if (!ts.isPropertyAccessExpression(node) || node.name.text !== 'env' || !/^(globalThis\.)?process\??\.env$/.test(node.getText()))
        return;
      findings.push({ file, line: lineOf(ast, node), rule: 'environment', message: 'process.env is read: take an option instead' });
    });
  }
  return findings;
}

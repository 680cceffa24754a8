import ts from 'typescript';
import type { Finding } from '../finding.ts';
import type { House } from '../house.ts';
import { lineOf } from '../source.ts';

/** An `index.ts` of a package only re-exports. */
export function indexFile(house: House): Finding[] {
  return [...house.sources.values()].flatMap(({ file, ast }) => {
    if (!/^packages\/[^/]+\/src\/(.*\/)?index\.ts$/.test(file)) return [];
    const other = ast.statements.find((statement) => !ts.isExportDeclaration(statement));
    return other === undefined ? [] : [{ file, line: lineOf(ast, other), rule: 'index', message: 'an index.ts only re-exports' }];
  });
}

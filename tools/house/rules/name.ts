import ts from 'typescript';
import type { Finding } from '../finding.ts';
import { isTest, type House } from '../house.ts';
import { lineOf } from '../source.ts';

const EMPTY = /^(utils?|helpers?|managers?|misc|common|base|impl|stuff)$/i;
const EMPTY_ENDING = /(Utils?|Helpers?|Manager|Misc|Impl)$/;
const NAMED = /^(packages|examples|tools|bench|test)\/.*\.([cm]?[jt]s|lua)$/;

/** Names say what a thing is: no utils, helpers, managers. */
export function name(house: House): Finding[] {
  return [...house.files.filter((file) => NAMED.test(file)).flatMap(fileName), ...exportedNames(house)];
}

function fileName(file: string): Finding[] {
  const words = file
    .split('/')
    .slice(1)
    .flatMap((part) => part.split(/[-.]/));
  const word = words.find((one) => EMPTY.test(one));
  return word === undefined ? [] : [{ file, line: 1, rule: 'name', message: `"${word}" says nothing: name the file after what it does` }];
}

function exportedNames(house: House): Finding[] {
  return [...house.sources.values()]
    .filter(({ file }) => !isTest(file))
    .flatMap(({ file, ast }) =>
      ast.statements.flatMap((statement) => {
        const declared = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement) || ts.isInterfaceDeclaration(statement);
        const text = declared ? (statement.name?.text ?? '') : '';
        return EMPTY_ENDING.test(text)
          ? [{ file, line: lineOf(ast, statement), rule: 'name', message: `"${text}": say what it does` }]
          : [];
      }),
    );
}

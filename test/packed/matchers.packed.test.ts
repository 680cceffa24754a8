import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inject, test, type TestContext } from 'vitest';
import { createStranger, strangerEnv, versionHere } from '../../tools/stranger/stranger.ts';
import { typescriptCompiler } from '../../tools/stranger/toolchains.ts';
import { run } from '../../tools/workspace/run.ts';

const tarball = inject('tarballs')['@nines/slo'] ?? '';

/** A project that has only the packed package and one test runner. */
async function projectWith({ onTestFinished }: TestContext, ...specs: string[]): Promise<string> {
  const stranger = createStranger();
  onTestFinished(() => stranger.remove());
  copyFileSync(tarball, join(stranger.folder, basename(tarball)));
  await stranger.install(`./${basename(tarball)}`, ...specs);
  return stranger.folder;
}

const define = `const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d'), alerting: googleSre({ unreachable: 'drop' }) });
const down = outage.step({ at: '1d', lasting: '30m', errorRatio: '100%' });`;
const body = `${define}
expect.extend(sloMatchers);
test('met', () => {
  expect({ total: 1_000, bad: 2 }).toMeetSlo(slo, { confidence: '95%' });
  expect({ total: 1_000, bad: 30 }).not.toMeetSlo(slo);
  expect({ total: 1_000, bad: 5 }).toBurnBudgetSlowerThan(slo, 2);
  expect(down).toPageWithin(slo, '10m');
  expect(down).not.toNotPage(slo);
});
test('too few', () => {
  expect({ total: 100, bad: 0 }).toMeetSlo(slo);
});
`;
const names = (from: (module: string, names: string) => string) =>
  [
    from('@nines/slo', 'defineSlo, googleSre, rolling'),
    from('@nines/slo/matchers', 'sloMatchers'),
    from('@nines/slo/simulate', 'outage'),
    '',
  ].join('\n');
const esm = names((module, list) => `import { ${list} } from '${module}';`);
const cjs = names((module, list) => `const { ${list} } = require('${module}');`);

/** What the compiler has against a file; and against the same with a matcher that does not exist. */
async function complaints(folder: string, code: string, extension: 'mts' | 'cts'): Promise<readonly [good: string, faulty: string]> {
  const compiler = (await typescriptCompiler('7')) ?? '';
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2024', types: [] };
  const check = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }));
    return (await run([process.execPath, compiler, '-p', folder, '--pretty', 'false'], { cwd: folder, env: strangerEnv() })).output;
  };
  return [await check(`good.${extension}`, code), await check(`faulty.${extension}`, code.replaceAll('toMeetSlo(slo)', 'toMeetSlo(17)'))];
}

test.concurrent('the matchers run in vitest from the packed package, with types', async (context) => {
  const { expect } = context;
  const folder = await projectWith(context, `vitest@${await versionHere('vitest')}`);
  const head = `import { expect, test } from 'vitest';\nimport type {} from '@nines/slo/matchers/vitest';\n${esm}`;
  writeFileSync(join(folder, 'slo.test.ts'), head + body);
  const { status, output } = await run([join(folder, 'node_modules', '.bin', 'vitest'), 'run', '--no-color'], {
    cwd: folder,
    env: strangerEnv(),
  });
  expect(output).toMatch(/1 failed \| 1 passed/);
  expect(output).toContain('199 more good samples would show with 95% confidence that it is met');
  expect(status).toBe(1);
  const [good, faulty] = await complaints(folder, head + body, 'mts');
  expect(good).toBe('');
  expect(faulty).toContain("not assignable to parameter of type 'Slo'");
});

test.concurrent('the matchers run in jest from the packed package, with types', async (context) => {
  const { expect } = context;
  const folder = await projectWith(context, 'jest@30', '@jest/globals@30', 'expect@30');
  writeFileSync(join(folder, 'slo.test.cjs'), cjs + body);
  const jest = [join(folder, 'node_modules', '.bin', 'jest'), '--testMatch', '**/*.test.cjs', '--colors=false', '--ci'];
  const { status, output } = await run(jest, { cwd: folder, env: strangerEnv() });
  expect(output).toMatch(/Tests: +1 failed, 1 passed, 2 total/);
  expect(output).toContain('199 more good samples would show with 95% confidence that it is met');
  expect(status).toBe(1);
  const head = `import { expect, test } from '@jest/globals';\nimport type {} from '@nines/slo/matchers/jest';\n${esm}`;
  const [good, faulty] = await complaints(folder, head + body, 'cts');
  expect(good).toBe('');
  expect(faulty).toContain("not assignable to parameter of type 'Slo'");
});

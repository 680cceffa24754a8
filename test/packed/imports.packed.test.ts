import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { strangerEnv } from '../../tools/stranger/stranger.ts';
import { NODE_VERSIONS, nodeProgram } from '../../tools/stranger/toolchains.ts';
import { listPackages } from '../../tools/workspace/packages.ts';
import { run } from '../../tools/workspace/run.ts';

const folder = inject('strangerFolder');
const packages = listPackages();
/** An entry that acts when it is loaded; it gets a process of its own. */
const REGISTER = '@nines/telemetry/register';
const specifiers = packages.flatMap(({ entries }) => entries.map(({ specifier }) => specifier)).filter((one) => one !== REGISTER);

const names = '(module) => Object.keys(module).filter((name) => !/^(default|module\\.exports|__esModule)$/.test(name)).sort()';
const esm = `const names = ${names};
const found = {};
for (const specifier of ${JSON.stringify(specifiers)}) found[specifier] = names(await import(specifier));
console.log(JSON.stringify(found));\n`;
const cjs = `const names = ${names};
const found = {};
for (const specifier of ${JSON.stringify(specifiers)}) found[specifier] = names(require(specifier));
console.log(JSON.stringify(found));\n`;

async function exportsSeen(program: string, file: string, code: string): Promise<Record<string, string[]>> {
  writeFileSync(join(folder, file), code);
  const { status, output } = await run([program, file], { cwd: folder, env: strangerEnv(), timeoutMs: 60_000 });
  expect(output, `${file} printed`).toMatch(/^\{.*\}\n$/);
  expect(status).toBe(0);
  return JSON.parse(output) as Record<string, string[]>;
}

describe.each(NODE_VERSIONS)('on Node %s', (version) => {
  test('every entry can be imported and required, and shows the same names', async ({ skip }) => {
    const program = (await nodeProgram(version)) ?? skip(`Node ${version} cannot be had`);
    const imported = await exportsSeen(program, `imports-${version}.mjs`, esm);
    const required = await exportsSeen(program, `imports-${version}.cjs`, cjs);
    expect(required).toEqual(imported);
    const index = packages.map(({ name }) => imported[name]?.length ?? 0);
    expect(Math.min(...index)).toBeGreaterThan(0);
  });

  test.runIf(packages.some(({ entries }) => entries.some(({ specifier }) => specifier === REGISTER))).for(['--import', '--require'])(
    `node %s ${REGISTER} starts telemetry and lets the process end`,
    async (flag, { skip }) => {
      const program = (await nodeProgram(version)) ?? skip(`Node ${version} cannot be had`);
      const command = [program, flag, REGISTER, '--eval', 'console.log("ran")'];
      const { status, output } = await run(command, { cwd: folder, env: strangerEnv(), timeoutMs: 60_000 });
      expect(output.split('\n')).toContain('ran');
      expect(status).toBe(0);
    },
  );
});

test.each(packages.flatMap(({ name, manifest }) => Object.keys(manifest.bin ?? {}).map((command) => [command, name] as const)))(
  '%s of %s answers --help',
  async (command) => {
    const { status, output } = await run([join(folder, 'node_modules', '.bin', command), '--help'], { cwd: folder, env: strangerEnv() });
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining(command) });
  },
);

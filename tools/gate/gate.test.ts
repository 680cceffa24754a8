import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runGate } from './gate.ts';
import { STAGES, type Step } from './steps.ts';

const script = (name: string, code: string): Step => ({ name, command: [process.execPath, '--eval', code], about: '' });
const fine = (name: string) => script(name, '0');

async function gate(...stages: Step[][]): Promise<{ well: boolean; said: string[] }> {
  const said: string[] = [];
  const well = await runGate(stages, { cwd: process.cwd(), say: (line) => said.push(line), atOnce: 2 });
  return { well, said: said.map((line) => line.replace(/ +\d+\.\d s$/, '')) };
}

test('runGate says the name of each step, and nothing after the last', async () => {
  expect(await gate([fine('one')], [fine('two')])).toEqual({ well: true, said: ['ok     one', 'run    two'] });
});

test('runGate shows what a failed step printed and stops', async () => {
  const faulty = script('faulty', 'console.log("a.ts:1 cycle"); console.error("and more"); process.exitCode = 3');
  expect(await gate([fine('one')], [faulty], [fine('three')])).toEqual({
    well: false,
    said: ['ok     one', 'a.ts:1 cycle\nand more', 'FAILED faulty'],
  });
});

test('runGate fails when the last step fails, or a program is missing', async () => {
  expect(await gate([script('last', 'process.exitCode = 1')])).toMatchObject({ well: false });
  expect(await gate([{ name: 'gone', command: ['no-such-program'], about: '' }], [fine('two')])).toMatchObject({ well: false });
});

test('the last stage is npm test, alone', () => {
  expect(STAGES.at(-1)?.map(({ name }) => name)).toEqual(['test']);
});

test('the command refuses a step that it does not know, with exit 2', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main, '--only', 'lint,nothing'], { encoding: 'utf8' });
  expect(stderr).toMatch(/^no step is called "nothing": --only takes check:lock, typecheck/);
  expect(status).toBe(2);
});

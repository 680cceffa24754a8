import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SloError } from '../../errors.ts';
import { generateRules, type GenerateOptions } from '../../prometheus/generate.ts';
import { flag, text, type Command } from '../command.ts';
import { writeFiles } from '../files.ts';
import { objectiveHelp, objectiveOptions, objectives } from '../objectives.ts';

/** `nines-slo test` */
export const test: Command = {
  name: 'test',
  summary: 'run the generated promtool tests of the generated rules',
  help: `Usage: nines-slo test FILE… [--layout LAYOUT] [--promtool PROGRAM] [--json]

Generates rules and tests into a folder that is removed again, and runs promtool on them. Exit code 1: promtool says no.

  ${objectiveHelp}
  --layout LAYOUT      robust (default), sloth
  --promtool PROGRAM   default: promtool on the PATH
  --json               { "passed": true, "output": "…" }

Examples:
  nines-slo test slos.yaml`,
  options: { ...objectiveOptions, layout: { type: 'string' }, promtool: { type: 'string' }, json: { type: 'boolean' } },
  async run(given, terminal) {
    const slos = await objectives(given);
    const layout = text(given, 'layout');
    const files = generateRules(slos, (layout === undefined ? {} : { layout }) as GenerateOptions);
    const folder = await mkdtemp(join(tmpdir(), 'nines-slo-'));
    try {
      const written = files.map((file) => ({ path: join(folder, file.path), text: file.text }));
      await writeFiles(written);
      const tests = written.map(({ path }) => path).filter((path) => path.endsWith('.test.yaml'));
      const { passed, output } = await promtool(text(given, 'promtool') ?? 'promtool', ['test', 'rules', ...tests]);
      const shown = output.replaceAll(`${folder}/`, '').trim();
      terminal.out(flag(given, 'json') ? JSON.stringify({ passed, output: shown }) : shown);
      return passed ? 0 : 1;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function promtool(program: string, args: readonly string[]): Promise<{ readonly passed: boolean; readonly output: string }> {
  return await new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (cause, stdout, stderr) => {
      if (cause !== null && typeof cause.code !== 'number') {
        const why = `${program} cannot be run: install the package prometheus of your system, or name it by --promtool`;
        reject(new SloError('INVALID_OPTION', why, { cause }));
      } else resolve({ passed: cause === null, output: `${stdout}${stderr}` });
    });
  });
}

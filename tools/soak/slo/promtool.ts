import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether Prometheus's promtool is there (Debian: the package prometheus). Without it the tests that need it are skipped and counted. */
export const hasPromtool: boolean = spawnSync('promtool', ['--version']).status === 0;

/** A folder for rule files that promtool reads, removed when the block ends. */
export class RuleFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'nines-slo-'));

  write(name: string, text: string): string {
    writeFileSync(join(this.path, name), text);
    return name;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** `promtool check rules`: its complaints, empty when it has none. One call for all files. */
export async function checkRules(folder: RuleFolder, files: readonly string[]): Promise<string> {
  const { status, output } = await promtool(folder, ['check', 'rules', '--lint=all', '--lint-fatal', ...files]);
  return status === 0 ? '' : output;
}

/** `promtool test rules`: for each test file its complaints, empty when it passed. One call for many files. */
export async function testRules(folder: RuleFolder, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { output } = await promtool(folder, ['test', 'rules', ...files]);
  const results = new Map<string, string>();
  // promtool says "Unit Testing:  FILE" and then what came of it; complaints about rules of a file come before its result.
  const parts = output.split(/^Unit Testing: +/m).slice(1);
  for (const part of parts) {
    const [file = '', ...rest] = part.split('\n');
    const complaint = rest.join('\n').trim();
    results.set(file.trim(), complaint === 'SUCCESS' ? '' : complaint || 'no result');
  }
  return results;
}

function promtool(folder: RuleFolder, args: readonly string[]): Promise<{ readonly status: number | null; readonly output: string }> {
  const child = spawn('promtool', args, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  // Both streams in one, in the order in which they come: promtool writes failures to one and successes to the other.
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

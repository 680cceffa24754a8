import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { counted, filterHelp, filterOf, misused, text, type Command, type Surroundings } from '../command.ts';
import { createProgress } from '../progress.ts';

/** `nines-queue export` */
export const exportCommand: Command = {
  name: 'export',
  summary: 'write dead letters as JSON lines',
  help: `Usage: nines-queue export [FILTER] --queue NAME [--out FILE]

Writes dead letters with their payloads, a line of JSON each; nothing is removed. Lines stand for themselves: split, filter, correct and join them as you like,
then nines-queue import adds them again. What no JSON can say exactly, because a codec made it, is base64.

${filterHelp}
  --out FILE      write this file, readable for its owner only, when all of it is there; default: the standard output

Examples:
  nines-queue export --queue orders --out orders.jsonl
  nines-queue export --queue orders reason=rejected | jq -r .payload.sku`,
  options: { out: { type: 'string' } },
  check: (given) => void filterOf(given),
  async run(given, { inspector }, around) {
    const { terminal, signal, clock } = around;
    const progress = createProgress(terminal, clock);
    const lines = watched(inspector.exportDead({ filter: filterOf(given) }), around, (count) => progress.show(`${count} written`));
    const path = text(given, 'out');
    let count = 0;
    if (path === undefined) {
      for await (const line of lines) {
        terminal.out(line);
        count += 1;
      }
    } else count = await writeFile(path, lines, signal);
    progress.end();
    const done = !signal.aborted;
    const what = path === undefined ? 'written' : done ? `written to ${path}` : 'found; no file was written';
    terminal.err(`${counted(count, 'dead letter')} ${what}${done ? '' : '; stopped before the end'}`);
    return done ? 0 : 1;
  },
};

async function* watched(lines: AsyncIterable<string>, { signal }: Surroundings, tell: (count: number) => void): AsyncGenerator<string> {
  let count = 0;
  for await (const line of lines) {
    if (signal.aborted) return;
    yield line;
    tell((count += 1));
  }
}

/** Writes beside the place first, so that nobody ever reads half a file. */
async function writeFile(path: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<number> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const file = await open(draft, 'wx', 0o600).catch((cause: unknown) => misused(`${path} cannot be written: ${reason(cause)}`));
  let count = 0;
  try {
    for await (const line of lines) {
      await file.write(`${line}\n`);
      count += 1;
    }
    await file.close();
    if (!signal.aborted) await rename(draft, path).catch((cause: unknown) => misused(`${path} cannot be written: ${reason(cause)}`));
    return count;
  } finally {
    await file.close().catch(() => {});
    await rm(draft, { force: true });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

import { open } from 'node:fs/promises';
import { counted, flag, misused, whole, type Arguments, type Command } from '../command.ts';
import { createProgress } from '../progress.ts';
import { writeTable } from '../terminal.ts';

const SHOWN = 20;

/** `nines-queue import` */
export const importCommand: Command = {
  name: 'import',
  summary: 'add the dead letters of an export again',
  help: `Usage: nines-queue import FILE --queue NAME [--other-queue] [--max-dead N] [--json]

Adds the lines of an export as dead letters again; then nines-queue redrive makes waiting jobs of them. Every line is checked before any is added. A job whose
id is there in any state is left as it is, so a file may be imported again. Retention counts from the import. The exit code is 1 when a job could not be
added: one is there with another body, or there is no more room.

  --other-queue   the lines are of another queue or namespace, and that is meant
  --max-dead N    how many dead letters the queue keeps (dead.count of its definition, which is not known here); default 10000.
                  What is beyond would be forgotten by the next consumer, so it is refused here

Examples:
  nines-queue import orders.jsonl --queue orders
  nines-queue import orders.jsonl --queue orders --redis redis://new:6379 --partitions 4`,
  options: { 'other-queue': { type: 'boolean' }, 'max-dead': { type: 'string' } },
  mayBeNew: true,
  check(given) {
    fileOf(given);
    whole(given, 'max-dead', 1, 10_000_000);
  },
  async run(given, { inspector }, { terminal, clock }) {
    const path = fileOf(given);
    const progress = createProgress(terminal, clock);
    const result = await inspector
      .importDead(() => linesOf(path), {
        source: path,
        otherQueue: flag(given, 'other-queue'),
        onProgress: ({ added, existing }) => progress.show(`${added} added, ${existing} there already`),
      })
      .finally(() => progress.end());
    const { added, existing, conflictingIds, refusedIds } = result;
    if (flag(given, 'json')) terminal.out(JSON.stringify(result));
    else {
      const cells = [added, existing, conflictingIds.length, refusedIds.length].map(String);
      writeTable(terminal, [['ADDED', 'THERE ALREADY', 'THERE WITH ANOTHER BODY', 'NO ROOM'], cells]);
      for (const [ids, why] of [
        [conflictingIds, 'is there with another body and was left as it is'],
        [refusedIds, 'was not added: there is no room'],
      ] as const) {
        for (const id of ids.slice(0, SHOWN)) terminal.err(`${id} ${why}`);
        if (ids.length > SHOWN) terminal.err(`${counted(ids.length - SHOWN, 'more', 'more')}; --json names all`);
      }
    }
    return conflictingIds.length + refusedIds.length > 0 ? 1 : 0;
  },
};

function fileOf({ positionals }: Arguments): string {
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) misused('name one file; it is read twice, so it cannot be the standard input');
  return path;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path).catch((cause: unknown) =>
    misused(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`),
  );
  try {
    yield* file.readLines();
  } finally {
    await file.close().catch(() => {});
  }
}

import { bulkHelp, bulkOptions, checkBulk, runBulk } from '../bulk.ts';
import type { Command } from '../command.ts';

const verb = { name: 'purge', past: 'purged', consequence: ' for good' } as const;

/** `nines-queue purge` */
export const purge: Command = {
  name: 'purge',
  summary: 'remove dead letters for good',
  help: `Usage: nines-queue purge FILTER|--id ID|--all --queue NAME [--rate N] [--limit N] [--yes] [--json]

Removes dead letters for good: those that lie there when it begins. It asks first. nines-queue export keeps a copy; give both the same before=… .

${bulkHelp}

Examples:
  nines-queue purge --queue orders reason=invalid-payload before=2026-01-01
  nines-queue purge --queue orders --id order-1 --yes`,
  options: bulkOptions,
  check: (given, around) => checkBulk(verb, given, around),
  run: (given, queue, around) => runBulk(verb, given, queue, around),
};

import { bulkHelp, bulkOptions, checkBulk, runBulk } from '../bulk.ts';
import type { Command } from '../command.ts';

const verb = { name: 'redrive', past: 'redriven', consequence: '' } as const;

/** `nines-queue redrive` */
export const redrive: Command = {
  name: 'redrive',
  summary: 'make dead letters waiting jobs again',
  help: `Usage: nines-queue redrive FILTER|--id ID|--all --queue NAME [--rate N] [--limit N] [--yes] [--json]

Makes dead letters waiting jobs again, oldest first, with no attempt counted: those that lie there when it begins. It asks first where there are several
and they are not named. Stop it at any time: what was not reached is still a dead letter, and the same command goes on.

${bulkHelp}

Examples:
  nines-queue redrive --queue orders --id order-1
  nines-queue redrive --queue orders error~Timeout --rate 50
  nines-queue redrive --queue orders --all --dry-run`,
  options: bulkOptions,
  check: (given, around) => checkBulk(verb, given, around),
  run: (given, queue, around) => runBulk(verb, given, queue, around),
};

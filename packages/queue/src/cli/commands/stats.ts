import { flag, refusePositionals, type Command } from '../command.ts';
import { paint, writeTable } from '../terminal.ts';

/** `nines-queue stats` */
export const stats: Command = {
  name: 'stats',
  summary: 'how many jobs are in each state',
  help: `Usage: nines-queue stats --queue NAME [--json]

How many jobs are in each state, how old the one at the head of the queue is, and whether claims are paused.

Examples:
  nines-queue stats --queue orders
  nines-queue stats --queue orders --json`,
  options: {},
  check: refusePositionals,
  async run(given, { inspector, title, partitions }, { terminal }) {
    const counts = await inspector.counts();
    if (flag(given, 'json')) {
      terminal.out(JSON.stringify({ ...counts, partitions }));
      return 0;
    }
    terminal.out(`${title}, partitions: ${partitions}${counts.paused ? paint(terminal, 'yellow', ', paused') : ''}`);
    const states = ['waiting', 'delayed', 'due', 'active', 'completed', 'dead'] as const;
    const rows = states.map((state) => [state, String(counts[state])]);
    writeTable(terminal, [['STATE', 'JOBS'], ...rows]);
    if (counts.waiting > 0) terminal.out(`the job at the head has waited ${(counts.oldestAgeMs / 1000).toFixed(1)} s`);
    return 0;
  },
};

import type { RunResult } from './run.ts';
import { LEVELS, type Level } from './levels.ts';

/** What a run came to, in lines for people. */
export function report(result: RunResult): string {
  const { level, jobs, seed, seconds, jobsPerSecond, acts } = result;
  const listed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  const repeated = Object.values(result.duplicates).reduce((sum, count) => sum + count, 0);
  const rows: [string, string][] = [
    ['level', `${level}: ${LEVELS[level].title}`],
    ['run', `${jobs} jobs, seed ${seed}, ${seconds.toFixed(1)} s, ${jobsPerSecond} jobs/s`],
    ['done to it', listed(acts)],
    ['acknowledged', `${result.acknowledged}, and ${result.unanswered} whose enqueue was cut off`],
    ['handled', String(result.handled)],
    ['lost', `${result.lost.length}${some(result.lost)}`],
    ['lost in window', `${result.lostInWindow} (accepted ${windowOf(level)} a crash of Redis)`],
    ['stale acks accepted', `${result.staleAcks.length}${some(result.staleAcks)}`],
    ['orphan keys', `${result.orphanKeys.length}${some(result.orphanKeys)}`],
    ['strangers', `${result.strangers.length}${some(result.strangers)}`],
    ['run again', `${repeated} (${listed(result.duplicates)}), at most ${result.mostRuns} runs of one job`],
    ['unexplained', `${result.unexplained.length}${some(result.unexplained)}`],
    ['verdict', result.kept ? 'every promise was kept' : `BROKEN; the histories are in ${result.histories ?? ''}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n');
}

const SHOWN = 10;
function some(items: readonly (string | number)[]): string {
  if (items.length === 0) return '';
  return `: ${items.slice(0, SHOWN).join(', ')}${items.length > SHOWN ? ', …' : ''}`;
}

function windowOf(level: Level): string {
  const { lossWindowMs } = LEVELS[level];
  return Number.isFinite(lossWindowMs) ? `at most ${lossWindowMs} ms before` : 'while the replica heard nothing, before';
}

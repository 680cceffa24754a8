import { play } from './experiment.ts';
import { DURABILITY, type Tools } from './field.ts';
import { judge, type Result } from './judge.ts';
import type { Scenario } from './scenario.ts';
import { sum } from './write-up.ts';

/** Plays the scenarios, one after the other, each on a system of its own. */
export async function playAll(
  wanted: readonly Scenario[],
  tools: Tools,
  say: (line: string) => void,
  stop: Promise<void> = new Promise(() => {}),
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of wanted) {
    const result = await play(scenario, tools, say, (played, prometheus) => judge(scenario, tools.clock, played, prometheus), stop);
    for (const line of tell(result)) say(line);
    results.push(result);
  }
  return results;
}

/** A result in lines for people. */
function tell({ scenario, detection, accounts, budgetSpent, unexpected, explained, faults }: Result): string[] {
  const seconds = (value: number | null) => (value === null ? 'never' : `${value.toFixed(1)} s`);
  const repeated = Object.entries(accounts.duplicates).map(([cause, count]) => `${count} because ${cause}`);
  const spent = Object.entries(budgetSpent).map(([name, share]) => `${name} ${(100 * share).toFixed(2)} %`);
  const rows: [string, string][] = [
    ['expected', detection === undefined ? 'no alert' : detection.alert],
    ...(detection === undefined
      ? []
      : ([
          [
            'detected',
            `after ${seconds(detection.measuredSeconds)}; ${detection.computedSeconds === null ? '' : `computed ${seconds(detection.computedSeconds)}, `}at the latest ${seconds(detection.latestSeconds)}`,
          ],
        ] as [string, string][])),
    ['besides', Object.keys(explained).join(', ') || 'nothing'],
    ['unexpected', unexpected.join(', ') || 'nothing'],
    ['budget', spent.join(', ') || 'not measured'],
    ['lost', `${accounts.lost.length} of ${accounts.accepted} accepted (${DURABILITY})`],
    ['duplicates', `${sum(accounts.duplicates)}${repeated.length === 0 ? '' : `: ${repeated.join(', ')}`}`],
    ['claim', faults.length === 0 ? 'confirmed' : `REFUTED: ${faults.join('; ')}`],
  ];
  return ['', `${scenario.id}: ${scenario.title}`, ...rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`), ''];
}

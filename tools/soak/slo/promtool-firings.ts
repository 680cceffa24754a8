import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Firing } from '@nines/slo/simulate';

/** One world for promtool: series, and how often it looks. */
export interface FiringCase {
  /** Selector → readings, one each step; `_` is none, `stale` the end of a series. */
  readonly series: Readonly<Record<string, readonly string[]>>;
  readonly evaluations: number;
}

/** `page 1h` → the evaluations at which that alert fires. */
export type FiringMap = ReadonlyMap<string, readonly number[]>;

/** As many evaluations as the 52 bits of a double can hold; their bits come back in one number. */
const together = 50;

/**
 * At which evaluations each alert fires, as promtool evaluates the rules: one process for all cases. promtool has no query that
 * prints, so each query expects nothing and the answer is read from its complaint. In it each evaluation is a bit.
 *
 * @throws Error when promtool is not installed or refuses the rules
 */
export async function promtoolFirings(rules: string, stepSeconds: number, cases: readonly FiringCase[]): Promise<FiringMap[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-promtool-'));
  try {
    writeFileSync(join(folder, 'rules.yml'), rules);
    writeFileSync(join(folder, 'test.yml'), JSON.stringify(testFile(stepSeconds, cases)));
    const output = await promtool(['test', 'rules', join(folder, 'test.yml')]);
    return readFirings(output, cases.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function testFile(stepSeconds: number, cases: readonly FiringCase[]): object {
  return {
    rule_files: ['rules.yml'],
    evaluation_interval: `${stepSeconds}s`,
    tests: cases.map(({ series, evaluations }, index) => ({
      interval: `${stepSeconds}s`,
      input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values: values.join(' ') })),
      promql_expr_test: Array.from({ length: Math.ceil(evaluations / together) }, (_, part) => {
        const first = part * together;
        const bit = `2 ^ ((timestamp(ALERTS{alertstate="firing"}) - ${first * stepSeconds}) / ${stepSeconds})`;
        // A second less than a step: the same evaluations whether a range holds its left edge (Prometheus 2) or not (3).
        const range = `${together * stepSeconds - 1}s:${stepSeconds}s`;
        return {
          expr: `sum by (severity, long_window) (sum_over_time((${bit})[${range}])) # ${index} ${first}`,
          eval_time: `${(first + together - 1) * stepSeconds}s`,
        };
      }),
    })),
  };
}

function readFirings(output: string, cases: number): FiringMap[] {
  const found = Array.from({ length: cases }, () => new Map<string, number[]>());
  let at: { readonly map: Map<string, number[]>; readonly first: number } | undefined;
  for (const line of output.split('\n')) {
    const expr = /expr: ".* # (\d+) (\d+)"/.exec(line);
    if (expr !== null) at = { map: found[Number(expr[1])]!, first: Number(expr[2]) };
    for (const [, labels = '', value = ''] of line.matchAll(/\{([^{}]*)\} ([\d.]+(?:E[+-]\d+)?)/g)) {
      if (at === undefined || expr !== null) continue;
      const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
      const name = `${label('severity')} ${label('long_window')}`;
      const bits = BigInt(Number(value));
      const firing = Array.from({ length: together }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n);
      at.map.set(name, [...(at.map.get(name) ?? []), ...firing.map((bit) => at!.first + bit)]);
    }
  }
  return found;
}

/** What promtool prints; it ends with 1 because the queries expect nothing. */
async function promtool(args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile('promtool', args, { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error('promtool is missing: install the package prometheus of your system', { cause: error }));
        return;
      }
      const output = `${stdout}\n${stderr}`;
      if (/error|cannot|could not/i.test(output.replaceAll(/expr: ".*"/g, ''))) reject(new Error(`promtool: ${output.slice(0, 2_000)}`));
      else resolve(output);
    });
  });
}

/** The evaluations during which each alert fires, from what we say. */
export function firingMap(firings: readonly Firing[], stepSeconds: number, evaluations: number): FiringMap {
  const map = new Map<string, number[]>();
  for (const { alert, firedSeconds, resolvedSeconds } of firings) {
    const end = Math.min(evaluations, resolvedSeconds === undefined ? evaluations : Math.round(resolvedSeconds / stepSeconds));
    const indices = Array.from(
      { length: end - Math.round(firedSeconds / stepSeconds) },
      (_, index) => Math.round(firedSeconds / stepSeconds) + index,
    );
    map.set(alert, [...(map.get(alert) ?? []), ...indices]);
  }
  return map;
}

/**
 * What differs by more than `tolerance` evaluations: an evaluation at which one side fires and the other is silent there and
 * `tolerance` evaluations before and after.
 */
export function differences(ours: FiringMap, theirs: FiringMap, tolerance: number): string[] {
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names].flatMap((name) => {
    const [one, other] = [new Set(ours.get(name) ?? []), new Set(theirs.get(name) ?? [])];
    const lonely = (who: string, mine: ReadonlySet<number>, yours: ReadonlySet<number>) =>
      [...mine]
        .filter((at) => !Array.from({ length: 2 * tolerance + 1 }, (_, shift) => at - tolerance + shift).some((near) => yours.has(near)))
        .map((at) => `${name}: only ${who} fires at evaluation ${at}`);
    return [...lonely('ours', one, other), ...lonely('promtool', other, one)];
  });
}

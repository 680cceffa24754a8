import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { experiments } from '../../../tools/chaos/experiment.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { startChild } from '../demo/child.ts';
import { startField, type Tools } from '../demo/game-day/field.ts';
import type { Result } from '../demo/game-day/judge.ts';
import { playAll } from '../demo/game-day/play-all.ts';
import { chosen, scenarios, type Scenario } from '../demo/game-day/scenario.ts';
import { writeUp } from '../demo/game-day/write-up.ts';
import { compressClock } from '../demo/slo-clock.ts';
import { objectives } from '../src/objectives.ts';

const redisProgram = onPath('redis-server') ?? onPath('valkey-server');
const prometheusProgram = onPath('prometheus');
const clock = compressClock(objectives, 60);
const missing =
  prometheusProgram === undefined
    ? 'prometheus is missing: install the package prometheus of your system'
    : redisProgram === undefined
      ? 'there is no Redis program to kill'
      : undefined;

/** Plays a scenario after a shorter look at the steady state than the game day takes. */
async function played(name: string, change: Partial<Scenario> = {}): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tools: Tools = { redisProgram: redisProgram ?? '', prometheusProgram: prometheusProgram ?? '', clock, folder };
  const said: string[] = [];
  const [result] = await playAll(
    chosen(name).map((one) => ({ ...one, steadySeconds: 8, ...change })),
    tools,
    (line) => said.push(line),
  );
  if (result === undefined) throw new Error(said.join('\n'));
  return result;
}

/** All that an experiment claims, and its post-mortem. */
function expectConfirmed(result: Result, objective: string): void {
  const { scenario, faults, detection, accounts, budgetSpent } = result;
  expect(faults).toEqual([]);
  expect(accounts.accepted).toBeGreaterThan(200);
  expect(accounts).toMatchObject({ lost: [], unexplained: [] });
  expect(detection).toMatchObject({ alert: `${objective} page 1m`, inTime: true });
  expect(budgetSpent[objective]).toBeGreaterThan(0.01);

  const files = writeUp([result], clock, { date: '2026-03-01', versions: 'tested' });
  expect(files.map(({ name }) => name)).toEqual(['game-day.md', 'game-day.json', `${scenario.id}.svg`]);
  const [page = { text: '' }] = files;
  expect(page.text).toContain(`## Post-mortem: ${scenario.title}`);
  expect(page.text).toContain('divided by 60, so that 1 h lasts 1m');
  expect(page.text).toMatch(/0 lost \(Redis with an append-only file, appendfsync always/);
  expect(page.text).toContain(`${objective} page 1m fires`);
  expect(page.text).not.toContain(tmpdir());
}

test(
  'receiver-down: the delivery alert fires in the computed time, nothing is lost, and the post-mortem says so',
  { timeout: 180_000 },
  async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const result = await played('receiver-down');
    expectConfirmed(result, 'delivery');
    // It was down for all, so the formula is a limit: with a whole quiet hour on record it takes longer than with seconds of it.
    expect(result.detection?.errorRatio).toBeGreaterThan(0.9);
    expect(result.accounts.refused).toBe(0);
  },
);

test(
  'redis-killed: the availability alert fires in the computed time, and what was accepted comes back from the disk',
  { timeout: 180_000 },
  async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const result = await played('redis-killed');
    expectConfirmed(result, 'availability');
    expect(result.accounts.refused).toBeGreaterThan(0);
  },
);

test('each experiment of deploy/chaos breaks something that can be broken, and two of them are played here', async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  const [first] = scenarios;
  if (first === undefined) throw new Error('there is no experiment');
  const field = await startField(first, {
    redisProgram: redisProgram ?? '',
    prometheusProgram: prometheusProgram ?? '',
    clock,
    folder: '',
  });
  const switches = new Set(field.live.switches.map(({ id }) => id));
  await field.stop();
  expect(scenarios.filter(({ fault }) => !switches.has(fault.switch))).toEqual([]);
  expect(
    experiments()
      .filter(({ inTest }) => inTest)
      .map(({ id }) => id),
  ).toEqual(['receiver-down', 'redis-killed']);
});

test('--game-day refuses a scenario that there is none of, and shows its help', async () => {
  const demo = async (...args: string[]) => {
    const child = startChild('demo', new URL('../demo/main.ts', import.meta.url), {}, ['--game-day', ...args]);
    onTestFinished(() => void child.stop('SIGKILL'));
    const { code } = await child.ended;
    return { code, text: child.lines.map(({ text }) => text).join('\n') };
  };
  expect(await demo('receiver-sleepy')).toMatchObject({
    code: 2,
    text: expect.stringContaining('no scenario is called "receiver-sleepy": all, queue-paused, receiver-429') as string,
  });
  expect(await demo('--abort-above', '0')).toMatchObject({
    code: 2,
    text: expect.stringContaining('--abort-above must be a whole') as string,
  });
  expect(await demo('--help')).toMatchObject({ code: 0, text: expect.stringContaining('traffic-surge') as string });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { check, type Verdict } from './checker.ts';
import { drain } from './drain.ts';
import { createField, type Field } from './field.ts';
import { readHistories } from './history.ts';
import { LEASE_MS } from './jobs.ts';
import { connect } from './process-options.ts';
import { planFaults, planPromotions, type Act } from './plan.ts';
import { LEVELS, type Level } from './levels.ts';
import { startServer } from './server.ts';

export interface RunOptions {
  readonly level: Level;
  readonly jobs: number;
  readonly workers: number;
  readonly seed: number;
  /** Only so many promotions of a replica that is behind, instead of every kind of fault. */
  readonly promotions?: number | undefined;
  /** The Redis program. */
  readonly program: string;
  /** Told every five seconds how far it is. */
  readonly onProgress?: (handled: number) => void;
}

/** What one run came to. */
export interface RunResult extends Verdict {
  readonly level: Level;
  readonly jobs: number;
  readonly seed: number;
  /** From the first enqueue to the last handler, faults included. */
  readonly seconds: number;
  readonly jobsPerSecond: number;
  /** How often each was done. */
  readonly acts: Readonly<Partial<Record<Act, number>>>;
  /** Where the histories are, when something was broken; else they are removed. */
  readonly histories: string | undefined;
}

/** One run: a Redis of its own, producers and workers as processes, the planned faults, the drain, and the arithmetic. */
export async function runSoak(options: RunOptions): Promise<RunResult> {
  const { level, jobs, seed } = options;
  const folder = mkdtempSync(join(tmpdir(), 'nines-soak-'));
  const server = await startServer(level, options.program);
  const field = createField({ ...options, folder, server, durability: LEVELS[level].durability });
  const admin = connect(server.server);
  let keep = true;
  try {
    await field.start();
    const before = new Set(await admin.keys('*'));
    const start = performance.now();
    const acts = await disturb(options, field, admin);
    await drain(field, admin, jobs);
    const seconds = (performance.now() - start) / 1000;
    await field.stop();
    const orphanKeys = (await admin.keys('*')).filter((key) => !before.has(key));
    const verdict = check({
      jobs,
      histories: readHistories(folder),
      faults: field.faults,
      orphanKeys,
      lossWindowMs: LEVELS[level].lossWindowMs,
      leaseMs: LEASE_MS,
    });
    keep = !verdict.kept;
    const run = { level, jobs, seed, seconds, jobsPerSecond: Math.round(jobs / seconds), acts };
    return { ...verdict, ...run, histories: keep ? folder : undefined };
  } finally {
    admin.disconnect();
    field.kill();
    await server.stop();
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

const LOOK_EVERY_MS = 10;
const TELL_EVERY_MS = 5000;

/** Does each planned fault when its moment has come; resolves when the last is over and every producer has ended. */
async function disturb(options: RunOptions, field: Field, admin: Redis): Promise<Partial<Record<Act, number>>> {
  const { seed, jobs, level, promotions, onProgress = () => {} } = options;
  const acts: Partial<Record<Act, number>> = {};
  let told = performance.now();
  const tell = () => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    onProgress(field.handled());
  };
  const plan = promotions === undefined ? planFaults(seed, jobs, LEVELS[level].redisDies) : planPromotions(jobs, promotions);
  let handledBefore = 0;
  for (const { act, afterJobs } of plan) {
    while (field.handled() - handledBefore < afterJobs && field.producing()) {
      await pause(LOOK_EVERY_MS);
      tell();
    }
    // A promotion that nothing is sent meanwhile would prove nothing, so it is not counted as one.
    if (promotions !== undefined && !field.producing()) break;
    await field.act(act, admin);
    if (promotions !== undefined) handledBefore = field.handled();
    acts[act] = (acts[act] ?? 0) + 1;
  }
  while (field.producing()) {
    await pause(LOOK_EVERY_MS);
    tell();
  }
  return acts;
}

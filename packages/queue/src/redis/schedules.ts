import { hash } from 'node:crypto';
import type { ResolvedQueueOptions } from '../options.ts';
import {
  SCHEDULES_MAX,
  type ScheduleStore,
  type StoredSchedule,
  type Tick,
  type TickVerdict,
  type UpsertReply,
} from '../schedule-store.ts';
import type { Connection } from './connection.ts';
import { keyPrefix, queueKeys } from './keys.ts';
import type { Argument, RunScript } from './script.ts';
import { due, schedule, schedules, tick, unschedule } from './scripts.gen.ts';

interface ScheduleOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Pick<Connection, 'subscribe'>;
  readonly run: RunScript;
  readonly offsetMs: () => number;
}

type RawSchedules = readonly [names: readonly Buffer[], records: readonly Buffer[], ticks: readonly Buffer[]];
type RawDue = readonly [nowMs: number, nextDueMs: number, ...RawSchedules];

const CHANGES: Readonly<Record<number, UpsertReply['change']>> = { 0: 'unchanged', 1: 'created', 2: 'replaced' };
const VERDICTS: Readonly<Record<number, TickVerdict>> = { 0: 'passed', 1: 'ticked' };

/** The verbs of schedules on Redis. */
export function redisSchedules({ queue, connection, run, offsetMs }: ScheduleOptions): ScheduleStore {
  return {
    async upsert(stored) {
      const { name, timing, tickMs } = stored;
      const [change, next] = (await run(schedule, [name, timing, recordOf(stored), tickMs, SCHEDULES_MAX])) as [number, Buffer];
      return { change: CHANGES[change] ?? 'refused', tickMs: Number(String(next)) };
    },
    remove: async (name) => (await run(unschedule, [name])) === 1,
    list: async (skip, limit) => storedSchedules((await run(schedules, [skip, limit])) as RawSchedules),
    async due(limit) {
      const [nowMs, nextDueMs, ...found] = (await run(due, [offsetMs(), limit])) as RawDue;
      return { nowMs, due: storedSchedules(found), nextDueMs: nextDueMs < 0 ? undefined : nextDueMs };
    },
    async tick(ticks) {
      const rows = ticks.flatMap((one) => tickRow(queue, one));
      const [, verdicts] = (await run(tick, [offsetMs(), ...rows])) as [number, number[]];
      return verdicts.map((verdict) => VERDICTS[verdict] ?? 'full');
    },
    subscribe: (listener) => connection.subscribe(queueKeys(queue).schedules, listener),
  };
}

/** Two lines of text, then the envelope. */
function recordOf({ timing, policy, envelope }: StoredSchedule): Buffer {
  return Buffer.concat([Buffer.from(`${timing}\n${policy}\n`), envelope]);
}

function storedSchedules([names, records, ticks]: RawSchedules): StoredSchedule[] {
  return names.flatMap((name, at) => {
    const record = records[at] ?? Buffer.alloc(0);
    const first = record.indexOf('\n');
    const second = record.indexOf('\n', first + 1);
    // What has no two lines was written by foreign hands; there is nothing to run or show of it.
    if (first < 0 || second < 0) return [];
    const timing = record.toString('utf8', 0, first);
    const policy = record.toString('utf8', first + 1, second);
    return [{ name: String(name), timing, policy, envelope: record.subarray(second + 1), tickMs: Number(String(ticks[at])) }];
  });
}

function tickRow(queue: ResolvedQueueOptions, { schedule: stored, ids, nextTickMs }: Tick): Argument[] {
  const prefix = keyPrefix(queue);
  const jobs = ids.flatMap((id): Argument[] => [prefix, queue.maxWaiting, id, 0, '', stored.envelope]);
  return [stored.name, stored.tickMs, hash('sha1', recordOf(stored), 'hex'), nextTickMs, ids.length, ...jobs];
}

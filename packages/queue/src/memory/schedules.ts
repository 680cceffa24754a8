import { SCHEDULES_MAX, type ScheduleStore, type StoredSchedule, type Tick, type TickVerdict } from '../schedule-store.ts';
import { depth, enqueue, notify, type MemoryQueue } from './queue.ts';

/** The verbs of schedules in memory, with the same answers as the scripts on Redis. */
export function memorySchedules(queue: MemoryQueue): ScheduleStore {
  const { schedules, tickers } = queue;
  return {
    upsert(wanted) {
      const there = schedules.get(wanted.name);
      if (there !== undefined && isSame(there, wanted)) return Promise.resolve({ change: 'unchanged', tickMs: there.tickMs });
      if (there === undefined && schedules.size >= SCHEDULES_MAX) return Promise.resolve({ change: 'refused', tickMs: wanted.tickMs });
      const tickMs = there?.timing === wanted.timing ? there.tickMs : wanted.tickMs;
      schedules.set(wanted.name, { ...wanted, tickMs });
      for (const ticker of tickers) ticker();
      return Promise.resolve({ change: there === undefined ? 'created' : 'replaced', tickMs });
    },
    remove: (name) => Promise.resolve(schedules.delete(name)),
    list: (skip, limit) => Promise.resolve([...schedules.values()].toSorted(byName).slice(skip, skip + limit)),
    due(limit) {
      const nowMs = queue.now();
      const all = [...schedules.values()].toSorted(byTick);
      const next = all.find(({ tickMs }) => tickMs > nowMs);
      const due = all.filter(({ tickMs }) => tickMs <= nowMs).slice(0, limit);
      return Promise.resolve({ nowMs, due, nextDueMs: next === undefined ? undefined : next.tickMs - nowMs });
    },
    tick(ticks) {
      const verdicts = ticks.map((tick) => tickOnce(queue, tick));
      notify(queue);
      return Promise.resolve(verdicts);
    },
    subscribe(listener) {
      tickers.add(listener);
      return Promise.resolve(() => {
        tickers.delete(listener);
        notify(queue);
      });
    },
  };
}

function tickOnce(queue: MemoryQueue, { schedule, ids, nextTickMs }: Tick): TickVerdict {
  const there = queue.schedules.get(schedule.name);
  if (there === undefined || !isSame(there, schedule) || there.tickMs !== schedule.tickMs || there.tickMs > queue.now()) return 'passed';
  if (ids.length > 0 && depth(queue) + ids.length > queue.options.maxWaiting) return 'full';
  enqueue(
    queue,
    ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: schedule.envelope })),
  );
  queue.schedules.set(schedule.name, { ...there, tickMs: nextTickMs });
  return 'ticked';
}

function isSame(one: StoredSchedule, other: StoredSchedule): boolean {
  return one.timing === other.timing && one.policy === other.policy && one.envelope.equals(other.envelope);
}

const byName = (one: StoredSchedule, other: StoredSchedule) => (one.name < other.name ? -1 : 1);
const byTick = (one: StoredSchedule, other: StoredSchedule) => one.tickMs - other.tickMs || byName(one, other);

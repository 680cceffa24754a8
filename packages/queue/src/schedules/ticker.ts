import { context } from '@opentelemetry/api';
import type { Clock, Queue, QueueMetrics } from '@nines/queue';
import { asQueueError, QueueError } from '../errors.ts';
import { partitionOf } from '../partition.ts';
import type { DueReply, ScheduleStore, StoredSchedule, Tick, TickVerdict } from '../schedule-store.ts';
import { untraced } from '../tracing.ts';
import { readSchedule } from './definition.ts';
import { planTicks } from './plan.ts';

interface TickerOptions {
  readonly queue: Queue<unknown>;
  readonly store: ScheduleStore;
  readonly clock: Clock;
  readonly metrics: QueueMetrics | undefined;
  readonly onError: (error: QueueError) => void;
}

/** Turns due ticks into jobs, beside any number of other processes that do the same. */
export interface Ticker {
  start(): void;
  /** Something may be due now. */
  readonly wake: () => void;
  /** Resolves when nothing is on its way any more. */
  stop(): Promise<void>;
}

/** Longest sleep without a look, in case a message was lost. */
const SLEEP_MS_MAX = 10_000;
const RETRY_MS = 1000;
/** Schedules that one look reads. */
const PAGE = 50;
/** What one call sends. */
const CALL_JOBS_MAX = 250;
const CALL_BYTES_MAX = 4_194_304;

export function createTicker(options: TickerOptions): Ticker {
  const { clock, store, onError } = options;
  const trouble = createTrouble(onError);
  let running = false;
  let looking: Promise<void> | undefined;
  let again = false;
  let cancel = () => {};

  const wake = (): void => {
    if (!running) return;
    again = looking !== undefined;
    if (again) return;
    cancel();
    looking = lookAndRest();
  };
  const lookAndRest = async (): Promise<void> => {
    const restMs = await context.with(untraced, look);
    looking = undefined;
    if (again) wake();
    else if (running) cancel = clock.after(restMs, wake);
  };
  /** Resolves to the time until the next look. */
  const look = async (): Promise<number> => {
    try {
      for (;;) {
        if (!running) return 0;
        const reply = await store.due(PAGE);
        if (reply.due.length === 0) return Math.min(reply.nextDueMs ?? SLEEP_MS_MAX, SLEEP_MS_MAX);
        // What is stuck is tried again soon, and keeps nobody else from ticking in time.
        if (!(await tickAll(options, trouble, reply))) return Math.min(reply.nextDueMs ?? RETRY_MS, RETRY_MS);
      }
    } catch (error) {
      onError(asQueueError(error));
      return RETRY_MS;
    }
  };
  return {
    start() {
      running = true;
      wake();
    },
    wake,
    async stop() {
      running = false;
      cancel();
      await looking;
    },
  };
}

/** Resolves to whether all of them have moved on. */
async function tickAll(options: TickerOptions, trouble: Trouble, { nowMs, due }: DueReply): Promise<boolean> {
  const { store, queue, metrics, clock } = options;
  const ticks = due.flatMap((schedule) => plan(queue, trouble, schedule, nowMs) ?? []);
  let moved = ticks.length === due.length;
  for (const call of calls(ticks)) {
    const startedAt = clock.now();
    const verdicts = await store.tick(call);
    const seconds = (clock.now() - startedAt) / 1000;
    for (const [at, { schedule, ids }] of call.entries()) {
      const verdict: TickVerdict = verdicts[at] ?? 'passed';
      if (verdict === 'full') {
        moved = false;
        trouble.tell(schedule.name, queueFull(queue, schedule));
      } else trouble.over(schedule.name);
      if (verdict !== 'passed' && ids.length > 0)
        metrics?.sent(queue.name, ids.length, seconds, verdict === 'full' ? 'QUEUE_FULL' : undefined);
    }
  }
  return moved;
}

/** Undefined for a schedule that this release cannot run. */
function plan(queue: Queue<unknown>, trouble: Trouble, schedule: StoredSchedule, nowMs: number): Tick | undefined {
  const { name, tickMs, envelope } = schedule;
  try {
    const { timing, catchUp } = readSchedule(schedule);
    const { ticks, nextTickMs, skipped } = planTicks(timing, { tickMs, catchUp, envelopeBytes: envelope.length }, nowMs);
    if (nextTickMs === undefined) throw new QueueError('SCHEDULE_UNREADABLE', `schedule ${name} has no tick after ${timeOf(nowMs)}`);
    if (skipped) trouble.tell(name, ticksSkipped(queue, name, tickMs, ticks[0] ?? nextTickMs));
    return { schedule, ids: ticks.map((tick) => jobId(name, tick, queue.options.partitions)), nextTickMs };
  } catch (error) {
    trouble.tell(name, asQueueError(error));
    return undefined;
  }
}

/** The same for every process; of an id that belongs to partition 0, where schedules live. */
function jobId(name: string, tickMs: number, partitions: number): string {
  for (let nonce = 0; ; nonce += 1) {
    const id = nonce === 0 ? `${name}@${tickMs}` : `${name}@${tickMs}.${nonce}`;
    if (partitionOf(id, partitions) === 0) return id;
  }
}

/** As few calls as the bounds allow. */
function calls(ticks: readonly Tick[]): Tick[][] {
  const all: Tick[][] = [];
  let jobs = 0;
  let bytes = 0;
  for (const tick of ticks) {
    jobs += tick.ids.length;
    bytes += tick.ids.length * tick.schedule.envelope.length;
    if (all.length === 0 || jobs > CALL_JOBS_MAX || bytes > CALL_BYTES_MAX) {
      all.push([]);
      jobs = tick.ids.length;
      bytes = tick.ids.length * tick.schedule.envelope.length;
    }
    all.at(-1)!.push(tick);
  }
  return all;
}

/** Tells of each schedule's trouble once, however often it is tried again. */
interface Trouble {
  tell(name: string, error: QueueError): void;
  over(name: string): void;
}

function createTrouble(onError: (error: QueueError) => void): Trouble {
  const told = new Map<string, string>();
  return {
    tell(name, error) {
      if (told.get(name) === error.message) return;
      told.set(name, error.message);
      onError(error);
    },
    over: (name) => void told.delete(name),
  };
}

function queueFull({ name, options: { maxWaiting } }: Queue<unknown>, schedule: StoredSchedule): QueueError {
  const message = `schedule ${schedule.name} finds no room in queue ${name} (maxWaiting ${maxWaiting}); its tick is tried again`;
  return new QueueError('QUEUE_FULL', message, { retryable: true, retryAfterMs: RETRY_MS });
}

function ticksSkipped({ name: queue }: Queue<unknown>, name: string, fromMs: number, untilMs: number): QueueError {
  const span = `from ${timeOf(fromMs)} to before ${timeOf(untilMs)}`;
  return new QueueError('TICKS_SKIPPED', `schedule ${name} of queue ${queue}: its ticks ${span} came too late and get no job`);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

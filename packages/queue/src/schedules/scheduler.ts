import { openStores, type Backend, type Clock, type Queue, type QueueError as QueueFault, type QueueMetrics } from '@nines/queue';
import { systemClock } from '../clock.ts';
import { decodeBody, encodeBody } from '../codec.ts';
import { decodeEnvelope, encodeEnvelope } from '../envelope.ts';
import { QueueError } from '../errors.ts';
import { checkWhole, refuse, refuseUnknown } from '../options.ts';
import { partitionOptions } from '../partition.ts';
import { SCHEDULES_MAX, type ScheduleStore, type StoredSchedule } from '../schedule-store.ts';
import { validate } from '../schema.ts';
import { readSchedule, resolveSchedule, type ScheduleDefinition } from './definition.ts';
import { createTicker } from './ticker.ts';
import type { Timing } from './timing.ts';

/** Options of a scheduler besides where its queue is. */
export interface SchedulerSettings {
  /** Where to count the jobs that are sent; see `@nines/queue/prometheus`. */
  readonly metrics?: QueueMetrics;
  /** Told of trouble that the scheduler deals with by itself, once each: a lost connection, a full queue, ticks that were skipped. Default: nobody. */
  readonly onError?: (error: QueueFault) => void;
  /** How long a call waits for a first connection, in ms. Default 10 000. */
  readonly connectTimeoutMs?: number;
  readonly clock?: Clock;
}

/** Options of {@link createScheduler}. */
export type SchedulerOptions = Backend & SchedulerSettings;

/** What an upsert came to. */
export interface UpsertResult {
  /** True when there was no schedule of this name. */
  readonly created: boolean;
  /** False when the very same schedule was there: nothing was done. */
  readonly changed: boolean;
  /** When it ticks next, in ms since 1970. */
  readonly nextTickMs: number;
}

/** A schedule as it is now. */
export interface ScheduleSnapshot<Payload> {
  readonly name: string;
  /** With its defaults filled in; undefined when another release wrote what this one cannot read. */
  readonly definition: ScheduleDefinition | undefined;
  /** Undefined when what is stored cannot be read. */
  readonly payload: Payload | undefined;
  /** In ms since 1970, by Redis's clock; what is past is due. */
  readonly nextTickMs: number;
}

/** The schedules of a queue; made by {@link createScheduler}. */
export interface Scheduler<Input> {
  /**
   * Adds a schedule, or replaces it at once; call it in every process, at every start. The very same one changes nothing. One that ticks as before
   * (another payload, another `catchUp`) keeps its next tick, so nothing is missed; one that ticks otherwise goes by its new definition from now on.
   *
   * @throws {QueueError} `INVALID_OPTION`, `INVALID_PAYLOAD`, `PAYLOAD_TOO_LARGE`, `PAYLOAD_NOT_SERIALISABLE`, `SCHEDULES_FULL`, `REDIS_UNAVAILABLE`, `CLOSED`.
   */
  upsert(name: string, definition: ScheduleDefinition, payload: Input): Promise<UpsertResult>;
  /** Ends a schedule; resolves to whether there was one. Jobs of its ticks stay. */
  remove(name: string): Promise<boolean>;
  /** All schedules of the queue, by name. */
  list(): Promise<readonly ScheduleSnapshot<Input>[]>;
  /** Enqueues the jobs of all schedules of the queue from now on, beside the other processes that do. Rejects with `REDIS_UNAVAILABLE`, `LAYOUT_MISMATCH`, `EVICTION_POLICY`, `CLOSED`. */
  start(): Promise<void>;
  /** Enqueues no more; resolves when no call is on its way. `start` begins again. */
  stop(): Promise<void>;
  /** Stops, and gives the connections back. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Enqueues jobs at times of day or at intervals: each tick once, however many processes run the same schedules, and by Redis's clock. The job of a
 * tick has the id `<name>@<tick in ms since 1970>`, is in partition 0 of the queue, and begins a trace of its own.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { defineQueue } from '@nines/queue';
 * import { createScheduler } from '@nines/queue/schedules';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const reports = defineQueue<{ kind: string }>({ name: 'reports' });
 * await using scheduler = createScheduler(reports, { store: memoryStore() });
 * await scheduler.upsert('nightly', { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, { kind: 'daily' });
 * await scheduler.start();
 * console.log((await scheduler.list()).map(({ name }) => name)); // [ 'nightly' ]
 * ```
 */
export function createScheduler<Input, Output>(queue: Queue<Input, Output>, options: SchedulerOptions): Scheduler<Input> {
  refuseUnknown(options, ['redis', 'store', 'metrics', 'onError', 'connectTimeoutMs', 'clock'], 'createScheduler');
  const { metrics, onError = () => {}, connectTimeoutMs = 10_000, clock = systemClock } = options;
  checkWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000);
  const stores = openStores(queue, options, clock, connectTimeoutMs);
  const [store] = stores;
  if (store === undefined) throw new Error('a queue has a partition 0');
  const { schedules } = store;
  const partition = { ...queue, options: partitionOptions(queue.options, 0) };
  const ticker = createTicker({ queue: partition, store: schedules, clock, metrics, onError });
  let running: Promise<() => Promise<void>> | undefined;
  let closed: Promise<void> | undefined;

  const opened = async () => {
    if (closed !== undefined) throw new QueueError('CLOSED', `the scheduler of queue ${queue.name} is closed`);
    return store.open();
  };
  const begin = async () => {
    for (const warning of await opened()) onError(warning);
    // Subscribed before the first look, so that no change in between goes unnoticed.
    const unsubscribe = await schedules.subscribe(ticker.wake);
    ticker.start();
    return async () => {
      unsubscribe();
      await ticker.stop();
    };
  };
  const stop = async () => {
    const end = running?.catch(() => undefined);
    running = undefined;
    await (
      await end
    )?.();
  };
  const close = () =>
    (closed ??= (async () => {
      await stop();
      for (const one of stores) await one.close();
    })());

  return {
    async upsert(name, definition, payload) {
      const wanted = await prepare(queue, name, definition, payload);
      await opened();
      const result = await upsert(queue.name, schedules, wanted);
      ticker.wake();
      return result;
    },
    async remove(name) {
      checkName(name);
      await opened();
      return schedules.remove(name);
    },
    async list() {
      await opened();
      return list(queue, schedules);
    },
    async start() {
      const starting = (running ??= begin());
      await starting.catch((error: unknown) => {
        if (running === starting) running = undefined;
        throw error;
      });
    },
    stop,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What an upsert needs besides the time of the store. */
interface Prepared {
  readonly definition: ScheduleDefinition;
  readonly timing: Timing;
  readonly stored: Omit<StoredSchedule, 'tickMs'>;
}

async function prepare<Input>(
  queue: Queue<Input, unknown>,
  name: string,
  definition: ScheduleDefinition,
  payload: Input,
): Promise<Prepared> {
  checkName(name);
  const { timing, text } = resolveSchedule(name, definition);
  await validate(queue.schema, queue.name, payload);
  const envelope = encodeEnvelope({ linked: true, body: await encodeBody(queue.options, payload) });
  return { definition, timing, stored: { name, ...text, envelope } };
}

async function upsert(name: string, schedules: ScheduleStore, wanted: Prepared): Promise<UpsertResult> {
  const { nowMs } = await schedules.due(0);
  const tickMs = wanted.timing.next(nowMs);
  if (tickMs === undefined) refuse('cron', wanted.definition.cron, 'one that has a tick to come');
  const reply = await schedules.upsert({ ...wanted.stored, tickMs });
  if (reply.change === 'refused') {
    throw new QueueError('SCHEDULES_FULL', `queue ${name} has ${SCHEDULES_MAX} schedules, which is all it may have`);
  }
  return { created: reply.change === 'created', changed: reply.change !== 'unchanged', nextTickMs: reply.tickMs };
}

const PAGE = 100;
const STAMP = Buffer.alloc(6);

async function list<Input>(queue: Queue<Input, unknown>, schedules: ScheduleStore): Promise<readonly ScheduleSnapshot<Input>[]> {
  const all: ScheduleSnapshot<Input>[] = [];
  for (let skip = 0; skip < SCHEDULES_MAX; skip += PAGE) {
    const page = await schedules.list(skip, PAGE);
    if (page.length === 0) break;
    all.push(...(await Promise.all(page.map((stored) => show<Input>(queue, stored)))));
  }
  return all;
}

async function show<Input>(queue: Queue<Input, unknown>, stored: StoredSchedule): Promise<ScheduleSnapshot<Input>> {
  const payload = (async () => (await decodeBody(queue.options, decodeEnvelope(Buffer.concat([STAMP, stored.envelope])).body)) as Input)();
  return {
    name: stored.name,
    definition: definitionOf(stored),
    payload: await payload.catch(() => undefined),
    nextTickMs: stored.tickMs,
  };
}

/** One that cannot be read must not hide the others. */
function definitionOf(stored: StoredSchedule): ScheduleDefinition | undefined {
  try {
    return readSchedule(stored).definition;
  } catch {
    return undefined;
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) refuse('name', name, '1 to 100 letters, digits, _, - or .');
}

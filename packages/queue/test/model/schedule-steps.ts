import type { ScheduleStore, StoredSchedule, Tick, TickVerdict, UpsertReply } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import { same } from './divergence.ts';
import { UNIT_MS } from './job.ts';
import type { Reference } from './reference.ts';

interface StepOptions {
  readonly schedules: ScheduleStore;
  readonly model: Reference;
  readonly maxWaiting: number;
  readonly random: () => number;
  readonly note: (verb: string, what: unknown) => void;
}

const NAMES = ['s0', 's1', 's2', 's3'];

/** Random steps on schedules, each compared with a model that is a map; their times are whole units as those of the other steps. */
export class ScheduleSteps {
  readonly #options: StepOptions;
  readonly #all = new Map<string, StoredSchedule>();
  /** Ticks that were read and not sent, or were sent before: what another process has in hand. */
  #inHand: Tick[] = [];
  /** The time of the store at the model's beginning. */
  #beginMs: number | undefined;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  async step(): Promise<void> {
    const { schedules, model, random } = this.#options;
    this.#beginMs ??= (await schedules.due(0)).nowMs - model.now * UNIT_MS;
    const chance = random();
    if (chance < 0.35) await this.#upsert(this.#beginMs);
    else if (chance < 0.42) await this.#remove(this.#pick(NAMES));
    else if (chance < 0.5) await this.#list();
    else await this.#tick(this.#beginMs);
  }

  /** Ends all schedules, so that nothing of them may be left. */
  async end(): Promise<void> {
    for (const name of NAMES) await this.#remove(name);
  }

  async #upsert(beginMs: number): Promise<void> {
    const { schedules, model, note } = this.#options;
    const name = this.#pick(NAMES);
    const wanted: StoredSchedule = {
      name,
      timing: this.#pick(['hourly', 'daily', 'daily too']),
      policy: this.#pick(['one', 'all']),
      envelope: encodeEnvelope({ body: Buffer.from(JSON.stringify(name)) }),
      tickMs: beginMs + (model.now + Math.floor(this.#options.random() * 5)) * UNIT_MS,
    };
    const there = this.#all.get(name);
    const tickMs = there?.timing === wanted.timing ? there.tickMs : wanted.tickMs;
    const changed = there === undefined ? 'created' : 'replaced';
    const expected: UpsertReply = {
      change: there?.timing === wanted.timing && there.policy === wanted.policy ? 'unchanged' : changed,
      tickMs,
    };
    note('upsert', { name, timing: wanted.timing, policy: wanted.policy, in: (wanted.tickMs - beginMs) / UNIT_MS - model.now });
    const { change, tickMs: at } = await schedules.upsert(wanted);
    same(`upsert of ${name}`, { change, tickMs: at }, expected);
    this.#all.set(name, { ...wanted, tickMs });
  }

  async #remove(name: string): Promise<void> {
    this.#options.note('remove', name);
    same(`remove ${name}`, await this.#options.schedules.remove(name), this.#all.delete(name));
  }

  async #list(): Promise<void> {
    const listed = await this.#options.schedules.list(0, 100);
    const all = NAMES.flatMap((name) => this.#all.get(name) ?? []);
    same('schedules', listed.map(show), all.map(show));
  }

  async #tick(beginMs: number): Promise<void> {
    const { schedules, model, random, note } = this.#options;
    const nowMs = beginMs + model.now * UNIT_MS;
    const { due, nextDueMs } = await schedules.due(100);
    const all = [...this.#all.values()].toSorted((a, b) => a.tickMs - b.tickMs || (a.name < b.name ? -1 : 1));
    same('due', due.map(show), all.filter(({ tickMs }) => tickMs <= nowMs).map(show));
    const next = all.find(({ tickMs }) => tickMs > nowMs);
    // What the run itself has taken is less than a unit.
    const units = nextDueMs === undefined ? undefined : Math.ceil(nextDueMs / UNIT_MS);
    same('next due', units, next === undefined ? undefined : (next.tickMs - nowMs) / UNIT_MS);
    const read = due.map((schedule): Tick => {
      const nextTickMs = nowMs + Math.floor(random() * 4) * UNIT_MS + (random() < 0.2 ? 0 : UNIT_MS);
      return { schedule, ids: random() < 0.15 ? [] : [schedule.name], nextTickMs };
    });
    const sent = [...read.filter(() => random() < 0.8), ...this.#inHand.filter(() => random() < 0.3)];
    this.#inHand = [...this.#inHand, ...read].slice(-6);
    note(
      'tick',
      sent.map(({ schedule, ids }) => `${show(schedule).join(' ')} ${ids.length}`),
    );
    if (sent.length === 0) return;
    const verdicts = await schedules.tick(sent);
    for (const [at, tick] of sent.entries()) same(`tick of ${tick.schedule.name}`, verdicts[at], this.#expect(tick, nowMs));
  }

  #expect({ schedule, ids, nextTickMs }: Tick, nowMs: number): TickVerdict {
    const { model, maxWaiting } = this.#options;
    const there = this.#all.get(schedule.name);
    if (there === undefined || JSON.stringify(show(there)) !== JSON.stringify(show(schedule)) || there.tickMs > nowMs) return 'passed';
    if (ids.length > 0 && model.depth() + ids.length > maxWaiting) return 'full';
    const verdicts = ids.map((id) => (model.jobs.has(id) ? 'existing' : 'created'));
    model.enqueue(
      ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: schedule.envelope })),
      { verdicts, waiting: 0 },
      new Map(),
    );
    this.#all.set(schedule.name, { ...there, tickMs: nextTickMs });
    return 'ticked';
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#options.random() * items.length)]!;
  }
}

function show({ name, timing, policy, tickMs }: StoredSchedule): readonly (string | number)[] {
  return [name, timing, policy, tickMs];
}

import type { DeadLetterFilter, DeadLetters, FollowUp, NewJob, ResolvedQueueOptions, Settlement, Store } from '@nines/queue';
import { systemClock } from '../../src/clock.ts';
import { takeAll } from '../../src/dead/take.ts';
import { decodeFailure, encodeFailure } from '../../src/failure-record.ts';
import { Divergence, same } from './divergence.ts';
import { LEASE_UNITS, UNIT_MS } from './job.ts';
import { outcomeOf, sameListing } from './listing.ts';
import { Reference } from './reference.ts';
import { ScheduleSteps } from './schedule-steps.ts';
import { seeded } from './seeded.ts';
import { envelopeOf, limitsOf, HOLDERS, modelLimits, PLACES, type Holder } from './setting.ts';

/** A store whose time the history moves. */
export interface ModelledStore {
  readonly store: Store;
  readonly queue: ResolvedQueueOptions;
  advance(ms: number): void;
}

const IDS = 60;

/** Does one random step after the other to a store and to the model, and compares each answer. */
export class RandomHistory {
  readonly #random: () => number;
  readonly #target: ModelledStore;
  readonly #model: Reference;
  readonly #holders: Holder[];
  readonly #schedules: ScheduleSteps;
  #serial = 0;
  #done: string[] = [];

  constructor(target: ModelledStore, seed: number) {
    const random = seeded(seed);
    this.#model = new Reference(limitsOf(seed));
    this.#target = target;
    this.#random = random;
    this.#holders = Array.from({ length: HOLDERS }, () => this.#newHolder());
    this.#schedules = new ScheduleSteps({
      schedules: target.store.schedules,
      model: this.#model,
      maxWaiting: modelLimits.maxWaiting,
      random,
      note: (verb, what) => this.#note(verb, what),
    });
  }

  /** @throws Divergence that tells the last steps. */
  async run(steps: number): Promise<void> {
    try {
      for (let step = 0; step < steps; step += 1) await this.#step();
      await this.#drain();
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      throw new Divergence(`${error.message}\nafter:\n${this.#done.slice(-25).join('\n')}`, { cause: error });
    }
  }

  async #step(): Promise<void> {
    const chance = this.#random();
    if (chance < 0.25) await this.#enqueue();
    else if (chance < 0.75) await this.#exchange(this.#pick(this.#holders));
    else if (chance < 0.84) this.#advance(this.#below(LEASE_UNITS + 2));
    else if (chance < 0.88) await this.#reconcile(this.#pick(this.#holders));
    else if (chance < 0.9) this.#die();
    else if (chance < 0.93) await this.#dead();
    else if (chance < 0.95) await this.#cancel();
    else if (chance < 0.965) await this.#pause(this.#random() < 0.3);
    else if (chance < 0.98) await this.#schedules.step();
    else await this.#look();
  }

  async #enqueue(): Promise<void> {
    const delays = new Map<string, number>();
    const jobs = Array.from({ length: 1 + this.#below(5) }, (): NewJob => {
      const fresh = this.#random() < 0.3;
      const id = fresh ? `new-${(this.#serial += 1)}` : `id-${this.#below(IDS)}`;
      const delay = this.#random() < 0.3 ? 1 + this.#below(4) : 0;
      if (!delays.has(id)) delays.set(id, delay);
      return { id, delayMs: (delays.get(id) ?? 0) * UNIT_MS, fresh, envelope: envelopeOf(id), place: this.#pick(PLACES), ...this.#key() };
    });
    this.#note(
      'enqueue',
      jobs.map(({ id, delayMs, place, deduplicate }) => `${id}+${delayMs / UNIT_MS} ${place} ${JSON.stringify(deduplicate)}`),
    );
    this.#model.enqueue(jobs, await this.#target.store.enqueue(jobs), delays);
  }

  /** Few jobs have a key, and few keys there are, so that many a job is kept out. */
  #key(): Pick<NewJob, 'deduplicate'> {
    if (this.#random() < 0.8) return {};
    const key = `key-${this.#below(6)}`;
    return { deduplicate: this.#random() < 0.5 ? { key } : { key, ttlMs: (1 + this.#below(6)) * UNIT_MS } };
  }

  async #exchange(holder: Holder, want = this.#random() < 0.3 ? 0 : this.#below(8)): Promise<void> {
    const settlements = this.#settlements(holder);
    const slots = this.#random() < 0.5 ? want : this.#below(want + 1);
    const request = { token: holder.token, known: holder.known, settlements, want, slots, wantSuspect: this.#random() < 0.7 };
    this.#note('exchange', request);
    const reply = await this.#target.store.exchange(request);
    this.#model.exchange(request, reply);
    for (const { id } of settlements) holder.running.delete(id);
    for (const { id, record, suspect } of reply.jobs) holder.running.set(id, { record, suspect });
    holder.known = reply.holder === 'holding';
    if (reply.holder === 'expired') Object.assign(holder, this.#newHolder());
    for (const state of ['dead', 'completed'] as const) {
      if (!this.#model.overfull(state)) continue;
      this.#model.trimmed(
        state,
        (await this.#target.store.list(state, 0, 1000)).map(({ id }) => id),
      );
    }
  }

  /** Some of what runs, and now and then a job that is somebody else's or nobody's. */
  #settlements(holder: Holder): Settlement[] {
    const mine = [...holder.running.keys()].filter(() => this.#random() < 0.5);
    if (this.#random() < 0.15) mine.push(`id-${this.#below(IDS)}`);
    return [...new Set(mine)].map((id): Settlement => {
      const { record, suspect = false } = holder.running.get(id) ?? {};
      const chance = this.#random();
      if (chance < 0.1 && this.#hasRoom())
        return { verb: 'commit', id, failedBefore: record !== undefined, followUps: this.#followUps(), ...this.#result() };
      if (chance < 0.5) return { verb: 'ack', id, failedBefore: record !== undefined, ...this.#result() };
      if (chance < 0.53) return { verb: 'cancel', id };
      if (chance < 0.65) return { verb: 'release', id, suspect };
      const attempts = (record === undefined ? 0 : decodeFailure(record).attempts) + 1;
      const failed = encodeFailure({ attempts, losses: 0, error: 'no' });
      if (chance < 0.85) return { verb: 'retry', id, delayMs: this.#below(4) * UNIT_MS, record: failed };
      const reason = this.#random() < 0.5 ? 'rejected' : 'attempts-exhausted';
      return { verb: 'dead', id, record: encodeFailure({ attempts, losses: 0, error: 'no', reason }) };
    });
  }

  #result(): { result?: Buffer } {
    return this.#random() < 0.3 ? {} : { result: Buffer.from(`v${(this.#serial += 1)}`) };
  }

  /** Where a queue is full a commit is delayed by a time that is no unit; that has a case of its own. */
  #hasRoom(): boolean {
    return this.#model.depth() + 25 < modelLimits.maxWaiting;
  }

  #followUps(): FollowUp[] {
    return Array.from({ length: 1 + this.#below(3) }, () => {
      const id = this.#random() < 0.8 ? `child-${(this.#serial += 1)}` : `id-${this.#below(IDS)}`;
      const delayMs = this.#random() < 0.3 ? UNIT_MS : 0;
      return {
        queue: this.#target.queue,
        job: { id, delayMs, fresh: false, envelope: envelopeOf(id), place: this.#pick(PLACES), ...this.#key() },
      };
    });
  }

  async #reconcile(holder: Holder): Promise<void> {
    const running = [...holder.running.keys()].filter(() => this.#random() < 0.7);
    this.#note('reconcile', { token: holder.token, running });
    const reply = await this.#target.store.reconcile(holder.token, running);
    this.#model.reconcile(holder.token, running, reply);
    for (const id of holder.running.keys()) if (!running.includes(id) || reply.lostIds.includes(id)) holder.running.delete(id);
    holder.known = !reply.expired && reply.lostIds.length < running.length;
    if (reply.expired) Object.assign(holder, this.#newHolder());
  }

  /** Its token is never heard of again. */
  #die(): void {
    const at = this.#below(HOLDERS);
    this.#note('die', this.#holders[at]?.token);
    this.#holders[at] = this.#newHolder();
  }

  async #dead(): Promise<void> {
    if (this.#random() < 0.4) return this.#bulk();
    const some = this.#model.in('dead').filter(() => this.#random() < 0.4);
    const which = this.#random() < 0.5 ? { limit: 1 + this.#below(3) } : { ids: [...some, `id-${this.#below(IDS)}`] };
    const redriven = this.#random() < 0.6;
    this.#note(redriven ? 'redrive' : 'purge', which);
    const { store } = this.#target;
    this.#model.takeDead(which, await (redriven ? store.redrive(which) : store.purge(which)), redriven);
  }

  /** All dead letters that match a filter, or the first of them, two a page. */
  async #bulk(): Promise<void> {
    const filter = this.#pick<DeadLetterFilter>([
      {},
      { attemptsAtLeast: 2 },
      { reason: 'poison' },
      { reason: 'rejected', errorIncludes: 'no' },
    ]);
    const limit = this.#random() < 0.5 ? 1 + this.#below(3) : undefined;
    const verb = this.#random() < 0.6 ? 'redrive' : 'purge';
    this.#note(`${verb} all`, { filter, limit });
    const meant = this.#model.in('dead').filter((id) => {
      const { attempts, reason = 'poison' } = this.#model.jobs.get(id)!;
      return attempts >= (filter.attemptsAtLeast ?? 0) && (filter.reason ?? reason) === reason;
    });
    const { store } = this.#target;
    const taken: string[] = [];
    const watched: Store = {
      ...store,
      async [verb](which: DeadLetters, untilMs?: number) {
        const ids = await store[verb](which, untilMs);
        taken.push(...ids);
        return ids;
      },
    };
    const work = { stores: [watched], verb, clock: systemClock, open: () => store.open(), pageSize: 2 } as const;
    const result = await takeAll(work, { filter, ...(limit === undefined ? {} : { limit }) });
    this.#model.takeDead({ limit: limit ?? Number.POSITIVE_INFINITY }, taken, verb === 'redrive', meant);
    same('taken', result.taken, taken.length);
    same('left', result.left, this.#model.in('dead').length);
  }

  async #cancel(): Promise<void> {
    const ids = [...new Set(Array.from({ length: 1 + this.#below(4) }, () => `id-${this.#below(IDS)}`))];
    this.#note('cancel', ids);
    this.#model.cancel(ids, await this.#target.store.cancel(ids));
  }

  async #pause(paused: boolean): Promise<void> {
    this.#note('pause', paused);
    await this.#target.store.setPaused(paused);
    this.#model.paused = paused;
  }

  async #look(): Promise<void> {
    const { store } = this.#target;
    const id = `id-${this.#below(IDS)}`;
    const { state, place } = (await store.get(id)) ?? {};
    if (state !== this.#model.stateOf(id)) throw new Divergence(`${id} is ${state}, in the model ${this.#model.stateOf(id)}`);
    if (place !== this.#model.placeOf(id)) throw new Divergence(`${id} is in ${place}, in the model ${this.#model.placeOf(id)}`);
    const [outcome] = await store.outcomes([id]);
    same('outcome', outcome?.state === 'completed' ? outcome.result.toString() : outcome?.state, outcomeOf(this.#model, id));
    const look = this.#pick(['waiting', 'delayed', 'active', 'completed', 'dead'] as const);
    sameListing(
      this.#model,
      look,
      (await store.list(look, 0, 1000)).map((job) => job.id),
    );
    const counts = await store.counts();
    const expected = {
      [look]: this.#model.in(look === 'active' ? 'held' : look).length + (look === 'waiting' ? this.#model.in('suspects').length : 0),
    };
    if (counts[look] !== expected[look] || counts.paused !== this.#model.paused)
      throw new Divergence(`counts says ${JSON.stringify(counts)}, the model ${JSON.stringify(expected)}`);
  }

  /** Everything comes to its end, by a holder that acknowledges all; then the store has nothing left but what is kept on purpose. */
  async #drain(): Promise<void> {
    await this.#pause(false);
    await this.#schedules.end();
    const last = this.#newHolder();
    for (;;) {
      this.#advance(LEASE_UNITS + 4);
      const settlements = [...last.running].map(([id, { record }]): Settlement => ({
        verb: 'ack',
        id,
        failedBefore: record !== undefined,
      }));
      last.running.clear();
      const request = { token: last.token, known: false, settlements, want: 100, wantSuspect: true };
      const { jobs } = await this.#target.store.exchange(request);
      for (const { id, record, suspect } of jobs) last.running.set(id, { record, suspect });
      if (jobs.length === 0) break;
    }
    await this.#target.store.purge({ limit: 1000 });
    const { waiting, delayed, active, dead } = await this.#target.store.counts();
    if (waiting + delayed + active + dead > 0)
      throw new Divergence(`left after the drain: ${JSON.stringify({ waiting, delayed, active, dead })}`);
  }

  #advance(units: number): void {
    this.#note('advance', units);
    this.#model.now += units;
    this.#target.advance(units * UNIT_MS);
  }

  #newHolder(): Holder {
    return { token: `holder-${(this.#serial += 1)}`, known: false, running: new Map() };
  }

  #note(verb: string, what: unknown): void {
    this.#done.push(`${verb} ${JSON.stringify(what)}`);
    if (this.#done.length > 100) this.#done = this.#done.slice(-25);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }
}

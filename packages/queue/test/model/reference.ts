import type { DeadLetters, ExchangeReply, FollowUp, ExchangeRequest, JobState, NewJob, Settlement } from '@nines/queue';
import { decodeFailure } from '../../src/failure-record.ts';
import { same } from './divergence.ts';
import { ModelLimits } from './limits.ts';
import { ModelLine } from './line.ts';
import { LEASE_UNITS, UNIT_MS, type Limits, type ModelJob, type Place } from './model-job.ts';
import { Order } from './order.ts';

/**
 * A queue as simple as it can be said: one record a job, no structure to save time or space. It does not foretell what the store
 * leaves open (the order of what came back together); it says whether an answer is allowed, and takes it over.
 */
export class Reference {
  readonly jobs: Map<string, ModelJob> = new Map();
  readonly holders: Map<string, number> = new Map();
  readonly #waiting = new ModelLine((id) => this.jobs.get(id)?.line);
  readonly #suspects = new Order();
  readonly #limits: Limits;
  readonly #rates: ModelLimits;
  now = 0;
  paused = false;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#rates = new ModelLimits(limits.rateLimit, limits.globalConcurrency);
  }

  in(place: Place): string[] {
    return [...this.jobs].filter(([, job]) => job.place === place).map(([id]) => id);
  }

  stateOf(id: string): JobState | undefined {
    const place = this.jobs.get(id)?.place;
    if (place === 'held') return 'active';
    return place === 'suspects' ? 'waiting' : place;
  }

  placeOf(id: string): string | undefined {
    return this.jobs.get(id)?.line;
  }

  depth(): number {
    return this.#waiting.size + this.#suspects.size + this.in('delayed').length;
  }

  enqueue(jobs: readonly NewJob[], verdicts: readonly string[], delays: ReadonlyMap<string, number>): void {
    const expected = jobs.map(({ id, place }) => {
      if (this.jobs.has(id)) return 'existing';
      if (this.depth() >= this.#limits.maxWaiting) return 'full';
      const delay = delays.get(id) ?? 0;
      this.#waiting.mark();
      this.#add(id, place, delay);
      return 'created';
    });
    same('verdicts', verdicts, expected);
  }

  exchange(request: ExchangeRequest, reply: ExchangeReply): void {
    if (request.known && !this.holders.has(request.token)) {
      same('holder', reply.holder, 'expired');
      same('what an expired holder gets', reply.jobs, []);
      return;
    }
    const placed = this.#isPlaced();
    this.#waiting.mark();
    const lost = request.settlements.filter((settlement) => !this.#settle(request.token, settlement)).map(({ id }) => id);
    same('lostIds', [...reply.lostIds].toSorted(byText), lost.toSorted(byText));
    same('refusedIds', reply.refusedIds ?? [], []);
    // Whoever calls while nobody has recovered it is alive, however late it is.
    if (this.holders.has(request.token)) this.holders.set(request.token, this.now + LEASE_UNITS);
    same('recovered and poisoned', [reply.recovered, reply.poisoned], this.#recover());
    this.#promote();
    const ordered = [placed, this.#isPlaced()].includes(reply.slotsOnly === true);
    same('slotsOnly', reply.slotsOnly === true, this.#rates.exist || (ordered ? reply.slotsOnly === true : placed));
    this.#claim(request, reply);
    const holds = [...this.jobs.values()].some(({ holder }) => holder === request.token);
    if (holds) this.holders.set(request.token, this.now + LEASE_UNITS);
    else this.holders.delete(request.token);
    same('holder', reply.holder, holds ? 'holding' : 'idle');
    same('nextDueMs in units', reply.nextDueMs === undefined ? undefined : Math.ceil(reply.nextDueMs / UNIT_MS), this.#nextDue(request));
  }

  reconcile(token: string, running: readonly string[], reply: { readonly expired: boolean; readonly lostIds: readonly string[] }): void {
    same('expired', reply.expired, !this.holders.has(token));
    if (reply.expired) return;
    const held = new Set(this.in('held').filter((id) => this.jobs.get(id)?.holder === token));
    same('lostIds', [...reply.lostIds].toSorted(byText), running.filter((id) => !held.has(id)).toSorted(byText));
    const back = [...held].filter((id) => !running.includes(id));
    this.#wait(
      back.filter((id) => this.jobs.get(id)?.losses === 0),
      'prepend',
    );
    this.#prepend(
      this.#suspects,
      'suspects',
      back.filter((id) => this.jobs.get(id)!.losses > 0),
    );
    if (back.length === held.size) this.holders.delete(token);
    else this.holders.set(token, this.now + LEASE_UNITS);
  }

  /** Dead letters taken by ids or as the oldest ones, of all or of those that are meant; `redriven` wait again, others are gone. */
  takeDead(which: DeadLetters, taken: readonly string[], redriven: boolean, meant: readonly string[] = this.in('dead')): void {
    if (which.ids !== undefined)
      same(
        'taken',
        taken,
        [...new Set(which.ids)].filter((id) => meant.includes(id)),
      );
    else this.#oldest(meant, taken, Math.min(which.limit ?? 0, meant.length));
    for (const id of taken) {
      if (!redriven) this.jobs.delete(id);
      else {
        Object.assign(this.jobs.get(id)!, { attempts: 0, losses: 0, reason: undefined, recorded: false });
        this.#waiting.mark();
        this.#wait([id]);
      }
    }
  }

  /** Whether more ended jobs are remembered than may be: then the store must have forgotten some. */
  overfull(place: 'dead' | 'completed'): boolean {
    return this.in(place).length > this.#bound(place);
  }

  /** The store forgot old ended jobs and still has `kept`. */
  trimmed(place: 'dead' | 'completed', kept: readonly string[]): void {
    const gone = this.in(place).filter((id) => !kept.includes(id));
    this.#oldest(this.in(place), gone, this.in(place).length - this.#bound(place));
    same(
      `known among the ${place}`,
      kept.every((id) => this.jobs.get(id)?.place === place),
      true,
    );
    for (const id of gone) this.jobs.delete(id);
  }

  /** The store listed these ids, in this order, as all jobs of a state. */
  listed(state: JobState, ids: readonly string[]): void {
    if (state === 'waiting') {
      same('the suspects come first', this.#suspects.allows(ids.slice(0, this.#suspects.size)), true);
      return this.#waiting.listed(ids.slice(this.#suspects.size));
    }
    const all = this.in(state === 'active' ? 'held' : state);
    same(state, ids.toSorted(byText), all.toSorted(byText));
    const times = state === 'active' ? [] : ids.map((id) => this.jobs.get(id)!.at);
    same(
      `${state} in order`,
      times,
      times.toSorted((a, b) => a - b),
    );
  }

  #settle(token: string, settlement: Settlement): boolean {
    const { id, verb } = settlement;
    const job = this.jobs.get(id);
    if (job?.place !== 'held' || job.holder !== token) return false;
    job.at = this.now;
    if (verb === 'commit') for (const followUp of settlement.followUps) this.#follow(followUp);
    if (verb === 'ack' || verb === 'commit') {
      Object.assign(job, { attempts: 0, losses: 0, reason: undefined, recorded: false });
      this.#waiting.end(id);
      job.line = undefined;
      this.#move(id, 'completed');
    } else if (verb === 'release') {
      if (settlement.suspect) this.#prepend(this.#suspects, 'suspects', [id]);
      else this.#wait([id], 'prepend');
    } else {
      Object.assign(job, { ...decodeFailure(settlement.record), recorded: true });
      if (verb === 'retry') job.at = this.now + settlement.delayMs / UNIT_MS;
      if (verb === 'dead') this.#waiting.end(id);
      this.#move(id, verb === 'retry' ? 'delayed' : 'dead');
    }
    return true;
  }

  /** A job that follows from one of this queue into this queue; the histories leave room for it. */
  #follow({ job: { id, delayMs, place } }: FollowUp): void {
    if (this.jobs.has(id)) return;
    this.#add(id, place, delayMs / UNIT_MS);
  }

  #add(id: string, line: string | undefined, delay: number): void {
    const at = this.now + delay;
    this.jobs.set(id, { place: 'waiting', attempts: 0, losses: 0, recorded: false, holder: undefined, at, line });
    if (delay > 0) this.#move(id, 'delayed');
    else this.#wait([id]);
  }

  #isPlaced(): boolean {
    return [...this.jobs.values()].some(({ line }) => line !== undefined);
  }

  #recover(): [number, number] {
    const expired = [...this.holders].filter(([, until]) => until <= this.now).map(([token]) => token);
    const lost = this.in('held').filter((id) => expired.includes(this.jobs.get(id)?.holder ?? ''));
    let poisoned = 0;
    const spared: string[] = [];
    this.#waiting.mark();
    for (const id of lost) {
      const job = this.jobs.get(id)!;
      Object.assign(job, { losses: job.losses + 1, recorded: true, at: this.now });
      if (job.losses - 1 < this.#limits.maxLeaseLosses) spared.push(id);
      else {
        this.#waiting.end(id);
        this.#move(id, 'dead');
        poisoned += 1;
      }
    }
    this.#append(this.#suspects, 'suspects', spared);
    for (const token of expired) this.holders.delete(token);
    return [lost.length, poisoned];
  }

  #promote(): void {
    this.#waiting.mark();
    const due = this.in('delayed').filter((id) => this.jobs.get(id)!.at <= this.now);
    for (const at of new Set(due.map((id) => this.jobs.get(id)!.at).toSorted((a, b) => a - b))) {
      const together = due.filter((id) => this.jobs.get(id)!.at === at);
      for (const id of together) this.#move(id, 'waiting');
      this.#waiting.due(together);
    }
  }

  #claim({ token, want, slots = want, wantSuspect }: ExchangeRequest, { jobs: claimed, slotsOnly }: ExchangeReply): void {
    const asked = slotsOnly === true ? Math.min(want, slots) : want;
    const room = this.paused ? 0 : Math.min(asked, this.#rates.left(this.now, this.in('held').length));
    const suspects = Math.min(wantSuspect ? 1 : 0, room, this.#suspects.size);
    same('claimed', claimed.length, suspects + Math.min(room - suspects, this.#waiting.claimable));
    this.#rates.spend(this.now, claimed.length);
    same(
      'suspects',
      claimed.map(({ suspect }) => suspect),
      claimed.map((_job, at) => at < suspects),
    );
    const ids = claimed.map(({ id }) => id);
    same('the suspect that is next', this.#suspects.allows(ids.slice(0, suspects)), true);
    this.#waiting.claim(ids.slice(suspects));
    for (const { id, record, stored } of claimed) {
      const job = this.jobs.get(id)!;
      const { attempts, losses } = record === undefined ? { attempts: 0, losses: 0 } : decodeFailure(record);
      same(`history of ${id}`, [record !== undefined, attempts, losses], [job.recorded, job.attempts, job.losses]);
      same(`body of ${id}`, stored?.toString().endsWith(JSON.stringify(id)), true);
      this.#move(id, 'held');
      job.holder = token;
    }
  }

  #nextDue({ token, wantSuspect }: ExchangeRequest): number | undefined {
    const dues = this.in('delayed').map((id) => this.jobs.get(id)!.at);
    for (const [other, until] of this.holders) if (other !== token) dues.push(until);
    const waits = !this.paused && (this.#waiting.claimable > 0 || (wantSuspect && this.#suspects.size > 0));
    const refill = waits ? this.#rates.refill(this.now) : undefined;
    if (refill !== undefined) dues.push(refill);
    return dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - this.now);
  }

  #bound(place: 'dead' | 'completed'): number {
    return place === 'dead' ? this.#limits.deadCount : this.#limits.completedCount;
  }

  #oldest(among: readonly string[], taken: readonly string[], count: number): void {
    const left = among.filter((id) => !taken.includes(id));
    same('how many go', [taken.length, among.length - left.length], [count, count]);
    const newest = Math.max(...taken.map((id) => this.jobs.get(id)!.at), -1);
    same(
      'only the oldest go',
      left.every((id) => this.jobs.get(id)!.at >= newest),
      true,
    );
  }

  #append(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.append(ids);
  }

  #wait(ids: readonly string[], how: 'append' | 'prepend' = 'append'): void {
    for (const id of ids) this.#move(id, 'waiting');
    this.#waiting[how](ids);
  }

  #prepend(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.prepend(ids);
  }

  #move(id: string, place: Place): void {
    this.#suspects.delete(id);
    const job = this.jobs.get(id)!;
    job.place = place;
    job.holder = undefined;
  }
}

const byText = (a: string, b: string) => (a < b ? -1 : 1);

import type { DeadLetters, EnqueueReply, ExchangeReply, FollowUp, ExchangeRequest, NewJob, Settlement } from '@nines/queue';
import { decodeFailure } from '../../src/failure-record.ts';
import { byText, same } from './divergence.ts';
import { boundOf, LEASE_UNITS, ModelJobs, newModelJob, sameHistory, UNIT_MS, type Limits, type Place } from './job.ts';
import { ModelKeys } from './keys.ts';
import { ModelLimits } from './limits.ts';
import { ModelLine } from './line.ts';
import { sameOldest } from './listing.ts';
import { Order } from './order.ts';

type More = { readonly place: NewJob['place']; readonly deduplicate: NewJob['deduplicate'] };

/**
 * A queue as simple as it can be said: one record a job, no structure to save time or space. It does not foretell what the store
 * leaves open (the order of what came back together); it says whether an answer is allowed, and takes it over.
 */
export class Reference extends ModelJobs {
  readonly holders: Map<string, number> = new Map();
  readonly waiting: ModelLine = new ModelLine((id) => this.jobs.get(id)?.line);
  readonly suspects: Order = new Order();
  readonly results: Map<string, string> = new Map();
  readonly #keys = new ModelKeys();
  readonly #limits: Limits;
  readonly #rates: ModelLimits;
  now = 0;
  paused = false;

  constructor(limits: Limits) {
    super();
    this.#limits = limits;
    this.#rates = new ModelLimits(limits.rateLimit, limits.globalConcurrency);
  }

  depth(): number {
    return this.waiting.size + this.suspects.size + this.in('delayed').length;
  }

  enqueue(jobs: readonly NewJob[], { verdicts, keptOutBy }: EnqueueReply, delays: ReadonlyMap<string, number>): void {
    const owners: string[] = [];
    const expected = jobs.map(({ id, place, deduplicate }, at) => {
      if (this.jobs.has(id)) return 'existing';
      const owner = this.#keys.ownerOf(deduplicate?.key, this);
      if (owner !== undefined) {
        owners.push(`${at} ${owner}`);
        return 'existing';
      }
      if (this.depth() >= this.#limits.maxWaiting) return 'full';
      const delay = delays.get(id) ?? 0;
      this.waiting.mark();
      this.#add(id, delay, { place, deduplicate });
      return 'created';
    });
    same('verdicts', verdicts, expected);
    same(
      'keptOutBy',
      [...(keptOutBy ?? [])].map(([at, owner]) => `${at} ${owner}`),
      owners,
    );
  }

  exchange(request: ExchangeRequest, reply: ExchangeReply): void {
    if (request.known && !this.holders.has(request.token)) {
      same('holder', reply.holder, 'expired');
      same('what an expired holder gets', reply.jobs, []);
      return;
    }
    const placed = this.isPlaced();
    this.waiting.mark();
    // Commits come first; what follows from them finds what was still active then.
    const ordered = request.settlements.toSorted((a, b) => Number(b.verb === 'commit') - Number(a.verb === 'commit'));
    const lost = ordered.filter((settlement) => !this.#settle(request.token, settlement)).map(({ id }) => id);
    same('lostIds', [...reply.lostIds].toSorted(byText), lost.toSorted(byText));
    same('refusedIds', reply.refusedIds ?? [], []);
    // Whoever calls while nobody has recovered it is alive, however late it is.
    if (this.holders.has(request.token)) this.holders.set(request.token, this.now + LEASE_UNITS);
    same('recovered and poisoned', [reply.recovered, reply.poisoned], this.#recover());
    this.#promote();
    const either = [placed, this.isPlaced()].includes(reply.slotsOnly === true);
    same('slotsOnly', reply.slotsOnly === true, this.#rates.exist || (either ? reply.slotsOnly === true : placed));
    this.#claim(request, reply);
    const marked = this.in('held').filter((id) => this.jobs.get(id)?.holder === request.token && this.jobs.get(id)?.cancelled);
    same('cancelledIds', [...(reply.cancelledIds ?? [])].toSorted(byText), marked.toSorted(byText));
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
      this.suspects,
      'suspects',
      back.filter((id) => this.jobs.get(id)!.losses > 0),
    );
    if (back.length === held.size) this.holders.delete(token);
    else this.holders.set(token, this.now + LEASE_UNITS);
  }

  cancel(ids: readonly string[], answers: readonly string[]): void {
    this.waiting.mark();
    const expected = ids.map((id) => {
      const job = this.jobs.get(id);
      if (job === undefined) return 'unknown';
      if (job.place === 'dead' || job.place === 'completed') return 'ended';
      if (job.place !== 'held') {
        this.#endCancelled(id);
        return 'cancelled';
      }
      job.cancelled = true;
      return 'cancelling';
    });
    same('what became of the cancellations', answers, expected);
  }

  #endCancelled(id: string): void {
    if (this.jobs.get(id)?.place === 'held') this.waiting.end(id);
    else this.waiting.remove(id);
    this.#move(id, 'completed');
    this.jobs.delete(id);
    this.results.set(id, 'cancelled');
  }

  /** Dead letters taken by ids or as the oldest ones, of all or of those that are meant; `redriven` wait again, others are gone. */
  takeDead(which: DeadLetters, taken: readonly string[], redriven: boolean, meant: readonly string[] = this.in('dead')): void {
    if (which.ids !== undefined)
      same(
        'taken',
        taken,
        [...new Set(which.ids)].filter((id) => meant.includes(id)),
      );
    else sameOldest(this, meant, taken, Math.min(which.limit ?? 0, meant.length));
    for (const id of taken) {
      if (!redriven) this.jobs.delete(id);
      else {
        Object.assign(this.jobs.get(id)!, { attempts: 0, losses: 0, reason: undefined, recorded: false });
        this.waiting.mark();
        this.#wait([id]);
      }
    }
  }

  /** Whether more ended jobs are remembered than may be: then the store must have forgotten some. */
  overfull(place: 'dead' | 'completed'): boolean {
    return this.in(place).length > boundOf(this.#limits, place);
  }

  /** The store forgot old ended jobs and still has `kept`. */
  trimmed(place: 'dead' | 'completed', kept: readonly string[]): void {
    const gone = this.in(place).filter((id) => !kept.includes(id));
    sameOldest(this, this.in(place), gone, this.in(place).length - boundOf(this.#limits, place));
    same(
      `known among the ${place}`,
      kept.every((id) => this.jobs.get(id)?.place === place),
      true,
    );
    for (const id of gone) this.jobs.delete(id);
  }

  #settle(token: string, settlement: Settlement): boolean {
    const { id, verb } = settlement;
    const job = this.jobs.get(id);
    if (job?.place !== 'held' || job.holder !== token) return false;
    job.at = this.now;
    const done = verb === 'ack' || verb === 'commit';
    if (verb === 'cancel' || (job.cancelled && !done)) {
      this.#endCancelled(id);
      return true;
    }
    if (done && settlement.result !== undefined) this.results.set(id, settlement.result.toString());
    if (done) {
      Object.assign(job, { attempts: 0, losses: 0, reason: undefined, recorded: false, cancelled: false });
      this.waiting.end(id);
      job.line = undefined;
      this.#move(id, 'completed');
      if (verb === 'commit') for (const followUp of settlement.followUps) this.#follow(followUp);
    } else if (verb === 'release') {
      if (settlement.suspect) this.#prepend(this.suspects, 'suspects', [id]);
      else this.#wait([id], 'prepend');
    } else {
      Object.assign(job, { ...decodeFailure(settlement.record), recorded: true });
      if (verb === 'retry') job.at = this.now + settlement.delayMs / UNIT_MS;
      if (verb === 'dead') this.waiting.end(id);
      this.#move(id, verb === 'retry' ? 'delayed' : 'dead');
    }
    return true;
  }

  /** A job that follows from one of this queue into this queue; the histories leave room for it. */
  #follow({ job: { id, delayMs, place, deduplicate } }: FollowUp): void {
    if (this.jobs.has(id) || this.#keys.ownerOf(deduplicate?.key, this) !== undefined) return;
    this.#add(id, delayMs / UNIT_MS, { place, deduplicate });
  }

  #add(id: string, delay: number, more: More): void {
    const job = newModelJob(this.now + delay, more.place);
    this.jobs.set(id, job);
    this.#keys.remember(more.deduplicate, id, job, this.now);
    if (delay > 0) this.#move(id, 'delayed');
    else this.#wait([id]);
  }

  #recover(): [number, number] {
    const expired = [...this.holders].filter(([, until]) => until <= this.now).map(([token]) => token);
    const lost = this.in('held').filter((id) => expired.includes(this.jobs.get(id)?.holder ?? ''));
    let poisoned = 0;
    const spared: string[] = [];
    this.waiting.mark();
    for (const id of lost) {
      const job = this.jobs.get(id)!;
      if (job.cancelled) {
        this.#endCancelled(id);
        continue;
      }
      Object.assign(job, { losses: job.losses + 1, recorded: true, at: this.now });
      if (job.losses - 1 < this.#limits.maxLeaseLosses) spared.push(id);
      else {
        this.waiting.end(id);
        this.#move(id, 'dead');
        poisoned += 1;
      }
    }
    this.#append(this.suspects, 'suspects', spared);
    for (const token of expired) this.holders.delete(token);
    return [lost.length, poisoned];
  }

  #promote(): void {
    this.waiting.mark();
    const due = this.in('delayed').filter((id) => this.jobs.get(id)!.at <= this.now);
    for (const at of new Set(due.map((id) => this.jobs.get(id)!.at).toSorted((a, b) => a - b))) {
      const together = due.filter((id) => this.jobs.get(id)!.at === at);
      for (const id of together) this.#move(id, 'waiting');
      this.waiting.due(together);
    }
  }

  #claim({ token, want, slots = want, wantSuspect }: ExchangeRequest, { jobs: claimed, slotsOnly }: ExchangeReply): void {
    const asked = slotsOnly === true ? Math.min(want, slots) : want;
    const room = this.paused ? 0 : Math.min(asked, this.#rates.left(this.now, this.in('held').length));
    const suspects = Math.min(wantSuspect ? 1 : 0, room, this.suspects.size);
    same('claimed', claimed.length, suspects + Math.min(room - suspects, this.waiting.claimable));
    this.#rates.spend(this.now, claimed.length);
    same(
      'suspects',
      claimed.map(({ suspect }) => suspect),
      claimed.map((_job, at) => at < suspects),
    );
    const ids = claimed.map(({ id }) => id);
    same('the suspect that is next', this.suspects.allows(ids.slice(0, suspects)), true);
    this.waiting.claim(ids.slice(suspects));
    for (const { id, record, stored } of claimed) {
      const job = this.jobs.get(id)!;
      sameHistory(id, job, record);
      same(`body of ${id}`, stored?.toString().endsWith(JSON.stringify(id)), true);
      this.#move(id, 'held');
      job.holder = token;
    }
  }

  #nextDue({ token, wantSuspect }: ExchangeRequest): number | undefined {
    const dues = this.in('delayed').map((id) => this.jobs.get(id)!.at);
    for (const [other, until] of this.holders) if (other !== token) dues.push(until);
    const waits = !this.paused && (this.waiting.claimable > 0 || (wantSuspect && this.suspects.size > 0));
    const refill = waits ? this.#rates.refill(this.now) : undefined;
    if (refill !== undefined) dues.push(refill);
    return dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - this.now);
  }

  #append(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.append(ids);
  }

  #wait(ids: readonly string[], how: 'append' | 'prepend' = 'append'): void {
    for (const id of ids) this.#move(id, 'waiting');
    this.waiting[how](ids);
  }

  #prepend(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.prepend(ids);
  }

  #move(id: string, place: Place): void {
    this.suspects.delete(id);
    const job = this.jobs.get(id)!;
    job.place = place;
    job.holder = undefined;
  }
}

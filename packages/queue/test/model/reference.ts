import type { ClaimedJob, EnqueueReply, ExchangeReply, FollowUp, ExchangeRequest, JobState, NewJob, Settlement } from '@nines/queue';
import { decodeFailure } from '../../src/failure-record.ts';
import { byText, same } from './divergence.ts';
import { boundOf, LEASE_UNITS, UNIT_MS, type Limits, type ModelJob, type Place } from './job.ts';
import { ModelKeys } from './keys.ts';
import { sameOldest } from './listing.ts';
import { Order } from './order.ts';

/**
 * A queue as simple as it can be said: one record a job, no structure to save time or space. It does not foretell what the store
 * leaves open (the order of what came back together); it says whether an answer is allowed, and takes it over.
 */
export class Reference {
  readonly jobs: Map<string, ModelJob> = new Map();
  readonly holders: Map<string, number> = new Map();
  readonly waiting: Order = new Order();
  readonly suspects: Order = new Order();
  readonly results: Map<string, string> = new Map();
  readonly #keys = new ModelKeys();
  readonly #limits: Limits;
  now = 0;
  paused = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  in(place: Place): string[] {
    return [...this.jobs].filter(([, job]) => job.place === place).map(([id]) => id);
  }

  stateOf(id: string): JobState | undefined {
    const place = this.jobs.get(id)?.place;
    if (place === 'held') return 'active';
    return place === 'suspects' ? 'waiting' : place;
  }

  depth(): number {
    return this.waiting.size + this.suspects.size + this.in('delayed').length;
  }

  enqueue(jobs: readonly NewJob[], { verdicts, keptOutBy }: EnqueueReply, delays: ReadonlyMap<string, number>): void {
    const owners: string[] = [];
    const expected = jobs.map(({ id, deduplicate }, at) => {
      if (this.jobs.has(id)) return 'existing';
      const owner = this.#keys.ownerOf(deduplicate?.key, this);
      if (owner !== undefined) {
        owners.push(`${at} ${owner}`);
        return 'existing';
      }
      if (this.depth() >= this.#limits.maxWaiting) return 'full';
      this.#add(id, delays.get(id) ?? 0, deduplicate);
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
    // Commits come first; what follows from them finds what was still active then.
    const ordered = request.settlements.toSorted((a, b) => Number(b.verb === 'commit') - Number(a.verb === 'commit'));
    const lost = ordered.filter((settlement) => !this.#settle(request.token, settlement)).map(({ id }) => id);
    same('lostIds', [...reply.lostIds].toSorted(byText), lost.toSorted(byText));
    same('refusedIds', reply.refusedIds ?? [], []);
    // Whoever calls while nobody has recovered it is alive, however late it is.
    if (this.holders.has(request.token)) this.holders.set(request.token, this.now + LEASE_UNITS);
    same('recovered and poisoned', [reply.recovered, reply.poisoned], this.#recover());
    this.#promote();
    this.#claim(request, reply.jobs);
    const marked = this.in('held').filter((id) => this.jobs.get(id)?.holder === request.token && this.jobs.get(id)?.cancelled);
    same('cancelledIds', [...(reply.cancelledIds ?? [])].toSorted(byText), marked.toSorted(byText));
    const holds = [...this.jobs.values()].some(({ holder }) => holder === request.token);
    if (holds) this.holders.set(request.token, this.now + LEASE_UNITS);
    else this.holders.delete(request.token);
    same('holder', reply.holder, holds ? 'holding' : 'idle');
    same(
      'nextDueMs in units',
      reply.nextDueMs === undefined ? undefined : Math.ceil(reply.nextDueMs / UNIT_MS),
      this.#nextDue(request.token),
    );
  }

  reconcile(token: string, running: readonly string[], reply: { readonly expired: boolean; readonly lostIds: readonly string[] }): void {
    same('expired', reply.expired, !this.holders.has(token));
    if (reply.expired) return;
    const held = new Set(this.in('held').filter((id) => this.jobs.get(id)?.holder === token));
    same('lostIds', [...reply.lostIds].toSorted(byText), running.filter((id) => !held.has(id)).toSorted(byText));
    const back = [...held].filter((id) => !running.includes(id));
    this.#prepend(
      this.waiting,
      'waiting',
      back.filter((id) => this.jobs.get(id)?.losses === 0),
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
    this.#move(id, 'completed');
    this.jobs.delete(id);
    this.results.set(id, 'cancelled');
  }

  /** Dead letters taken by ids or as the oldest ones, of all or of those that are meant; `redriven` wait again, others are gone. */
  takeDead(
    which: { readonly ids?: readonly string[] | undefined; readonly limit?: number | undefined },
    taken: readonly string[],
    redriven: boolean,
    meant: readonly string[] = this.in('dead'),
  ): void {
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
        this.#append(this.waiting, 'waiting', [id]);
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
      this.#move(id, 'completed');
      if (verb === 'commit') for (const followUp of settlement.followUps) this.#follow(followUp);
    } else if (verb === 'release') {
      if (settlement.suspect) this.#prepend(this.suspects, 'suspects', [id]);
      else this.#prepend(this.waiting, 'waiting', [id]);
    } else {
      Object.assign(job, { ...decodeFailure(settlement.record), recorded: true });
      if (verb === 'retry') job.at = this.now + settlement.delayMs / UNIT_MS;
      this.#move(id, verb === 'retry' ? 'delayed' : 'dead');
    }
    return true;
  }

  /** A job that follows from one of this queue into this queue; the histories leave room for it. */
  #follow({ job: { id, delayMs, deduplicate } }: FollowUp): void {
    if (this.jobs.has(id) || this.#keys.ownerOf(deduplicate?.key, this) !== undefined) return;
    this.#add(id, delayMs / UNIT_MS, deduplicate);
  }

  #add(id: string, delay: number, deduplicate: NewJob['deduplicate']): void {
    const job: ModelJob = {
      place: 'waiting',
      attempts: 0,
      losses: 0,
      recorded: false,
      cancelled: false,
      holder: undefined,
      at: this.now + delay,
    };
    this.jobs.set(id, job);
    this.#keys.remember(deduplicate, id, job, this.now);
    if (delay > 0) this.#move(id, 'delayed');
    else this.#append(this.waiting, 'waiting', [id]);
  }

  #recover(): [number, number] {
    const expired = [...this.holders].filter(([, until]) => until <= this.now).map(([token]) => token);
    const lost = this.in('held').filter((id) => expired.includes(this.jobs.get(id)?.holder ?? ''));
    let poisoned = 0;
    const spared: string[] = [];
    for (const id of lost) {
      const job = this.jobs.get(id)!;
      if (job.cancelled) {
        this.#endCancelled(id);
        continue;
      }
      Object.assign(job, { losses: job.losses + 1, recorded: true, at: this.now });
      if (job.losses - 1 < this.#limits.maxLeaseLosses) spared.push(id);
      else {
        this.#move(id, 'dead');
        poisoned += 1;
      }
    }
    this.#append(this.suspects, 'suspects', spared);
    for (const token of expired) this.holders.delete(token);
    return [lost.length, poisoned];
  }

  #promote(): void {
    const due = this.in('delayed').filter((id) => this.jobs.get(id)!.at <= this.now);
    for (const at of new Set(due.map((id) => this.jobs.get(id)!.at).toSorted((a, b) => a - b))) {
      this.#append(
        this.waiting,
        'waiting',
        due.filter((id) => this.jobs.get(id)!.at === at),
      );
    }
  }

  #claim({ token, want, wantSuspect }: ExchangeRequest, claimed: readonly ClaimedJob[]): void {
    const room = this.paused ? 0 : want;
    const suspects = Math.min(wantSuspect ? 1 : 0, room, this.suspects.size);
    same('claimed', claimed.length, suspects + Math.min(room - suspects, this.waiting.size));
    same(
      'suspects',
      claimed.map(({ suspect }) => suspect),
      claimed.map((_job, at) => at < suspects),
    );
    const ids = claimed.map(({ id }) => id);
    same('the suspect that is next', this.suspects.allows(ids.slice(0, suspects)), true);
    same('those that are next', this.waiting.allows(ids.slice(suspects)), true);
    for (const { id, record, stored } of claimed) {
      const job = this.jobs.get(id)!;
      const { attempts, losses } = record === undefined ? { attempts: 0, losses: 0 } : decodeFailure(record);
      same(`history of ${id}`, [record !== undefined, attempts, losses], [job.recorded, job.attempts, job.losses]);
      same(`body of ${id}`, stored?.toString().endsWith(JSON.stringify(id)), true);
      this.#move(id, 'held');
      job.holder = token;
    }
  }

  #nextDue(token: string): number | undefined {
    const dues = this.in('delayed').map((id) => this.jobs.get(id)!.at);
    for (const [other, until] of this.holders) if (other !== token) dues.push(until);
    return dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - this.now);
  }

  #append(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.append(ids);
  }

  #prepend(order: Order, place: Place, ids: readonly string[]): void {
    for (const id of ids) this.#move(id, place);
    order.prepend(ids);
  }

  #move(id: string, place: Place): void {
    this.waiting.delete(id);
    this.suspects.delete(id);
    const job = this.jobs.get(id)!;
    job.place = place;
    job.holder = undefined;
  }
}

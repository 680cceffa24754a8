import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineQueue, type ExchangeReply, type QueueOptions, type Settlement, type Store } from '@nines/queue';
import { encodeEnvelope } from '../src/envelope.ts';
import { decodeFailure, encodeFailure } from '../src/failure-record.ts';

export interface StoreHarness {
  /** A store of the queue; two stores of the same options see the same jobs. */
  open(options: QueueOptions): Store;
  /** Moves the time of the store. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const LEASE_MS = 10_000;
let serial = 0;

/** The promises of every store; each case has a queue of its own. */
export function storeSuite(name: string, makeHarness: () => StoreHarness): void {
  describe(`store on ${name}`, () => {
    let harness: StoreHarness;
    let queue: QueueOptions;
    beforeEach(() => {
      harness = makeHarness();
      queue = { name: `suite-${process.pid}-${(serial += 1)}`, leaseMs: LEASE_MS, maxLeaseLosses: 2 };
    });
    afterEach(() => harness.close());
    const open = (options: Partial<QueueOptions> = {}) => createActor(harness.open(defineQueue({ ...queue, ...options }).options));

    lifeCases(open, () => harness);
    fencingCases(open, () => harness);
    recoveryCases(open, () => harness);
    boundCases(open, () => harness);
    wakeCases(open, () => harness);
  });
}

type Open = (options?: Partial<QueueOptions>) => Actor;

interface Actor {
  readonly store: Store;
  add(...ids: string[]): Promise<readonly string[]>;
  addDelayed(id: string, delayMs: number): Promise<void>;
  exchange(token: string, settlements: readonly Settlement[], want: number, wantSuspect?: boolean): Promise<ExchangeReply>;
  claim(token: string, want?: number): Promise<string[]>;
  ack(token: string, ...ids: string[]): Promise<ExchangeReply>;
  state(id: string): Promise<string | undefined>;
}

function createActor(store: Store): Actor {
  const used = new Set<string>();
  const exchange: Actor['exchange'] = async (token, settlements, want, wantSuspect = true) => {
    const reply = await store.exchange({ token, known: used.has(token), settlements, want, wantSuspect });
    if (reply.holder === 'holding') used.add(token);
    else used.delete(token);
    return reply;
  };
  return {
    store,
    exchange,
    async add(...ids) {
      return (await store.enqueue(ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: envelope(id) })))).verdicts;
    },
    async addDelayed(id, delayMs) {
      await store.enqueue([{ id, delayMs, fresh: true, envelope: envelope(id) }]);
    },
    async claim(token, want = 10) {
      return (await exchange(token, [], want)).jobs.map(({ id }) => id);
    },
    ack: (token, ...ids) =>
      exchange(
        token,
        ids.map((id) => ({ verb: 'ack', id, failedBefore: true })),
        0,
      ),
    async state(id) {
      return (await store.get(id))?.state;
    },
  };
}

const envelope = (id: string) => encodeEnvelope({ body: Buffer.from(JSON.stringify(id)) });
const retry = (id: string, delayMs: number, attempts = 1): Settlement => ({
  verb: 'retry',
  id,
  delayMs,
  record: encodeFailure({ attempts, losses: 0, error: 'no' }),
});

function lifeCases(open: Open, harness: () => StoreHarness): void {
  test('a job that is enqueued, claimed and acknowledged leaves nothing behind', async () => {
    const actor = open();
    expect(await actor.add('a')).toEqual(['created']);
    expect(await actor.state('a')).toBe('waiting');
    expect(await actor.claim('h')).toEqual(['a']);
    expect(await actor.state('a')).toBe('active');
    expect((await actor.ack('h', 'a')).holder).toBe('idle');
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.store.counts()).toEqual({ waiting: 0, delayed: 0, active: 0, completed: 0, dead: 0, oldestAgeMs: 0 });
  });

  test('jobs are claimed in the order in which they were enqueued, each once', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c', 'd');
    expect(await actor.claim('h', 3)).toEqual(['a', 'b', 'c']);
    expect(await actor.claim('other', 3)).toEqual(['d']);
    expect(await actor.claim('h', 3)).toEqual([]);
  });

  test('an id is unique while its job exists, within a call and between calls', async () => {
    const actor = open();
    expect(await actor.add('a', 'a')).toEqual(['created', 'existing']);
    expect(await actor.add('a')).toEqual(['existing']);
    await actor.claim('h');
    expect(await actor.add('a')).toEqual(['existing']);
    await actor.ack('h', 'a');
    expect(await actor.add('a')).toEqual(['created']);
  });

  test('a delayed job is claimed when it is due, and a claim says when that is', async () => {
    const actor = open();
    await actor.addDelayed('later', 5000);
    const early = await actor.exchange('h', [], 1);
    expect(early.jobs).toEqual([]);
    expect(early.nextDueMs).toBeGreaterThan(0);
    expect(early.nextDueMs).toBeLessThanOrEqual(5000);
    expect(await actor.state('later')).toBe('delayed');
    harness().advance(5000);
    expect(await actor.claim('h')).toEqual(['later']);
  });

  test('a retried job waits out its delay and comes back with its record', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [retry('a', 3000)], 0);
    expect(await actor.claim('h')).toEqual([]);
    harness().advance(3000);
    const [job] = (await actor.exchange('h', [], 1)).jobs;
    expect(job?.id).toBe('a');
    expect(decodeFailure(job?.record ?? '')).toMatchObject({ attempts: 1, error: 'no' });
  });

  test('a dead-lettered job is kept with its record and never claimed again', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [{ verb: 'dead', id: 'a', record: encodeFailure({ attempts: 5, losses: 0, error: 'gone' }) }], 0);
    expect(await actor.state('a')).toBe('dead');
    expect(decodeFailure((await actor.store.get('a'))?.record ?? '').error).toBe('gone');
    expect(await actor.claim('h')).toEqual([]);
    expect((await actor.store.counts()).dead).toBe(1);
  });

  test('one call settles and claims', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    const reply = await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false }], 1);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['b']);
    expect(await actor.state('a')).toBeUndefined();
  });

  test('the age of the oldest waiting job runs from when it was enqueued', async () => {
    const actor = open();
    await actor.add('a');
    harness().advance(7000);
    const { oldestAgeMs } = await actor.store.counts();
    expect(oldestAgeMs).toBeGreaterThanOrEqual(7000);
    expect(oldestAgeMs).toBeLessThan(60_000);
  });
}

function fencingCases(open: Open, harness: () => StoreHarness): void {
  test('a stale holder can neither acknowledge, retry, bury nor release what was given to another', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('stale');
    harness().advance(LEASE_MS + 1);
    expect(await actor.claim('fresh')).toEqual(['a']);
    for (const settlement of staleSettlements) {
      const reply = await actor.store.exchange({ token: 'stale', known: true, settlements: [settlement], want: 1, wantSuspect: true });
      expect(reply.holder).toBe('expired');
      expect(reply.jobs).toEqual([]);
      expect(await actor.state('a')).toBe('active');
    }
    expect((await actor.ack('fresh', 'a')).lostIds).toEqual([]);
    expect(await actor.state('a')).toBeUndefined();
  });

  test('an id that the holder does not hold is reported as lost and left untouched, the rest of the batch is settled', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('one', 1);
    await actor.claim('two', 1);
    const reply = await actor.exchange(
      'one',
      [{ verb: 'ack', id: 'a', failedBefore: false }, { verb: 'ack', id: 'b', failedBefore: false }, retry('b', 0)],
      0,
    );
    expect(reply.lostIds).toEqual(['b', 'b']);
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('b')).toBe('active');
  });

  test('an exchange renews the lease of everything held, however long the job runs', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    for (let round = 0; round < 5; round += 1) {
      harness().advance(LEASE_MS - 1000);
      expect((await actor.exchange('h', [], 0)).holder).toBe('holding');
      expect(await actor.claim('other')).toEqual([]);
    }
    expect((await actor.ack('h', 'a')).lostIds).toEqual([]);
  });

  test('a holder that holds nothing is not listed, so its silence wakes nobody', async () => {
    const actor = open();
    expect((await actor.exchange('h', [], 5)).holder).toBe('idle');
    expect((await actor.exchange('other', [], 5)).nextDueMs).toBeUndefined();
  });

  test('after a lost answer the holder gives back what it does not run, and no loss is counted', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await actor.claim('h');
    expect(await actor.store.reconcile('h', ['b', 'elsewhere'])).toEqual({ expired: false, lostIds: ['elsewhere'] });
    expect(await actor.state('b')).toBe('active');
    const back = await actor.exchange('other', [], 10);
    expect(back.jobs.map(({ id }) => id).toSorted()).toEqual(['a', 'c']);
    expect(back.jobs.every(({ record, suspect }) => record === undefined && !suspect)).toBe(true);
  });
}

const staleSettlements: readonly Settlement[] = [
  { verb: 'ack', id: 'a', failedBefore: false },
  retry('a', 0),
  { verb: 'dead', id: 'a', record: '1 0 {}' },
  { verb: 'release', id: 'a', suspect: false },
];

function recoveryCases(open: Open, harness: () => StoreHarness): void {
  const lose = async (actor: Actor, token: string) => {
    const ids = await actor.claim(token);
    harness().advance(LEASE_MS + 1);
    return ids;
  };

  test('what an expired holder held comes back as suspects, one at a time and before the others', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await lose(actor, 'dead-one');
    await actor.add('c');
    const first = await actor.exchange('h', [], 10, true);
    expect(first.jobs.filter(({ suspect }) => suspect)).toHaveLength(1);
    expect(first.jobs.map(({ id }) => id)).toContain('c');
    const second = await actor.exchange('h', [], 10, false);
    expect(second.jobs).toEqual([]);
    expect((await actor.exchange('h', [], 10, true)).jobs).toHaveLength(1);
  });

  test('a first loss proves nothing; a job lost again and again as a suspect is dead-lettered as poison', async () => {
    const actor = open();
    await actor.add('poison');
    expect(await lose(actor, 'h1')).toEqual(['poison']);
    expect(await lose(actor, 'h2')).toEqual(['poison']);
    expect(await lose(actor, 'h3')).toEqual(['poison']);
    const reply = await actor.exchange('h4', [], 1);
    expect(reply.jobs).toEqual([]);
    expect(reply.poisoned).toBe(1);
    expect(await actor.state('poison')).toBe('dead');
  });

  test('jobs handed back unstarted return to the front and count nothing', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await actor.claim('h', 2);
    await actor.exchange(
      'h',
      [
        { verb: 'release', id: 'a', suspect: false },
        { verb: 'release', id: 'b', suspect: false },
      ],
      0,
    );
    const reply = await actor.exchange('other', [], 10);
    expect(reply.jobs.map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'c']);
    expect(reply.jobs.at(-1)?.id).toBe('c');
    expect(reply.jobs.every(({ record }) => record === undefined)).toBe(true);
  });

  test('a claim of another holder recovers what expired, and says how much', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await lose(actor, 'h');
    expect((await actor.exchange('other', [], 0)).recovered).toBe(3);
    expect((await actor.store.counts()).waiting).toBe(3);
  });
}

function boundCases(open: Open, harness: () => StoreHarness): void {
  test('a full queue refuses a job and keeps no trace of it', async () => {
    const actor = open({ maxWaiting: 2 });
    expect(await actor.add('a', 'b', 'c')).toEqual(['created', 'created', 'full']);
    expect(await actor.state('c')).toBeUndefined();
    await actor.claim('h', 1);
    expect(await actor.add('c')).toEqual(['created']);
  });

  test('completed jobs are kept by count', async () => {
    const actor = open({ completed: { count: 2, ageMs: 60_000 } });
    for (const id of ['a', 'b', 'c']) {
      await actor.add(id);
      await actor.claim('h');
      await actor.ack('h', id);
      harness().advance(1);
    }
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('c')).toBe('completed');
    expect((await actor.store.counts()).completed).toBe(2);
  });

  test('completed jobs are kept by age', async () => {
    const actor = open({ completed: { count: 100, ageMs: 60_000 } });
    await actor.add('old');
    await actor.claim('h');
    await actor.ack('h', 'old');
    harness().advance(60_001);
    await actor.add('new');
    await actor.claim('h');
    await actor.ack('h', 'new');
    expect(await actor.state('old')).toBeUndefined();
    expect(await actor.state('new')).toBe('completed');
  });

  test('dead letters are bounded by count', async () => {
    const actor = open({ dead: { count: 1, ageMs: 60_000 } });
    for (const id of ['a', 'b']) {
      await actor.add(id);
      await actor.claim('h');
      await actor.exchange('h', [{ verb: 'dead', id, record: '1 0 {}' }], 0);
      harness().advance(1);
    }
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('b')).toBe('dead');
  });
}

function wakeCases(open: Open, harness: () => StoreHarness): void {
  const listen = async (actor: Actor) => {
    let woken = Promise.withResolvers<'woken'>();
    await actor.store.subscribe(() => woken.resolve('woken'));
    return async () => {
      const outcome = await woken.promise;
      woken = Promise.withResolvers();
      return outcome;
    };
  };

  test('a consumer that found nothing is woken by the next job, also by a delayed one', async () => {
    const actor = open();
    const woken = await listen(actor);
    await actor.exchange('h', [], 1);
    await actor.add('a');
    expect(await woken()).toBe('woken');
    await actor.claim('h');
    await actor.addDelayed('b', 1000);
    expect(await woken()).toBe('woken');
  });

  test('a consumer that found nothing is woken when another recovers or hands back jobs', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h1', 1);
    await actor.claim('h2', 5);
    const woken = await listen(actor);
    await actor.exchange('h2', [{ verb: 'release', id: 'b', suspect: false }], 0);
    expect(await woken()).toBe('woken');
    await actor.claim('h3', 5);
    harness().advance(LEASE_MS + 1);
    await actor.exchange('h4', [], 0);
    expect(await woken()).toBe('woken');
  });
}

import { expect, test } from 'vitest';
import type { BulkOptions, BulkResult, DeadCursor, DeadLetterFilter, Store } from '@nines/queue';
import { takeAll } from '../../src/dead/take.ts';
import { digestOf, encodeEnvelope } from '../../src/envelope.ts';
import { encodeFailure, type FailureRecord } from '../../src/failure-record.ts';
import { ManualClock } from '../manual-clock.ts';
import type { Actor, Open, StoreHarness } from './actor.ts';

const bury = (id: string, record: Partial<FailureRecord> = {}) =>
  ({
    verb: 'dead',
    id,
    record: encodeFailure({ attempts: 1, losses: 0, error: 'Error: no', reason: 'attempts-exhausted', ...record }),
  }) as const;

/** Adds jobs and dead-letters them in their order, those of one list in the same millisecond or close to it. */
async function dead(actor: Actor, ...records: readonly (readonly [id: string, record?: Partial<FailureRecord>])[]): Promise<void> {
  await actor.add(...records.map(([id]) => id));
  await actor.claim('undertaker', records.length);
  await actor.exchange(
    'undertaker',
    records.map(([id, record]) => bury(id, record)),
    0,
  );
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `job-${String(n).padStart(4, '0')}`);

async function pages(store: Store, limit: number, between: () => Promise<unknown> = async () => {}): Promise<string[][]> {
  const all: string[][] = [];
  let after: DeadCursor | undefined;
  do {
    const { letters, next } = await store.pageDead(after, limit);
    all.push(letters.map(({ id }) => id));
    await between();
    after = next;
  } while (after !== undefined);
  return all;
}

/** A run with two jobs a page, so that there are several; `clock` moves by itself when somebody waits. */
function run(actor: Actor, verb: 'redrive' | 'purge', options: BulkOptions = {}, store: Store = actor.store): Promise<BulkResult> {
  return takeAll({ stores: [store], verb, clock: new ManualClock(), open: () => store.open(), pageSize: 2 }, options);
}

export function deadCases(open: Open, harness: () => StoreHarness): void {
  test('dead letters are paged from a place on, and what is taken away meanwhile makes the pages skip nothing', async () => {
    const actor = open();
    await actor.store.open();
    expect(await actor.store.pageDead(undefined, 10)).toMatchObject({ letters: [], next: undefined });
    await dead(actor, ...names(5).map((id) => [id] as const));
    expect(await pages(actor.store, 2)).toEqual([['job-0000', 'job-0001'], ['job-0002', 'job-0003'], ['job-0004']]);
    const [first] = (await actor.store.pageDead(undefined, 1)).letters;
    expect(first?.record).toContain('Error: no');
    // The oldest goes after every page, the one that was shown last among them.
    const seen = await pages(actor.store, 2, () => actor.store.purge({ limit: 2 }));
    expect(seen.flat()).toEqual(names(5));
  });

  test('a redrive and a purge up to a moment leave what ended later', async () => {
    const actor = open();
    await dead(actor, ['old']);
    const { nowMs } = await actor.store.pageDead(undefined, 1);
    harness().advance(1000);
    await dead(actor, ['new']);
    expect(await actor.store.redrive({ ids: ['new', 'old'] }, nowMs)).toEqual(['old']);
    expect(await actor.store.purge({ limit: 10 }, nowMs)).toEqual([]);
    expect(await actor.store.purge({ limit: 10 })).toEqual(['new']);
  });

  test.each<[string, DeadLetterFilter, string[]]>([
    ['everything', {}, ['a', 'b', 'c', 'd']],
    ['a reason', { reason: 'rejected' }, ['c']],
    ['several reasons', { reason: ['rejected', 'poison'] }, ['c', 'd']],
    ['the name of the error', { errorName: 'TypeError' }, ['b']],
    ['a part of the error', { errorIncludes: 'timed out' }, ['a', 'b']],
    ['the number of attempts', { attemptsAtLeast: 3 }, ['b', 'c']],
    ['all of them', { errorIncludes: 'timed out', attemptsAtLeast: 3 }, ['b']],
    ['what nobody has', { errorName: 'Type' }, []],
  ])('a redrive chooses dead letters by %s', async (_by, filter, chosen) => {
    const actor = open();
    await dead(
      actor,
      ['a', { error: 'Error: timed out' }],
      ['b', { error: 'TypeError: timed out: later', attempts: 3 }],
      ['c', { error: undefined, reason: 'rejected', attempts: 5 }],
      ['d', { error: undefined, reason: undefined, attempts: 0 }],
    );
    const left = 4 - chosen.length;
    expect(await run(actor, 'redrive', { filter })).toEqual({ taken: chosen.length, skipped: left, left, ended: 'complete' });
    expect((await actor.claim('h')).toSorted()).toEqual(chosen);
  });

  test('a purge chooses dead letters by the time they ended at', async () => {
    const actor = open();
    for (const id of ['a', 'b', 'c']) {
      await dead(actor, [id]);
      harness().advance(60_000);
    }
    const [, second, third] = (await actor.store.pageDead(undefined, 10)).letters;
    const filter = { endedAfterMs: second!.atMs, endedBeforeMs: third!.atMs };
    expect(await run(actor, 'purge', { filter })).toMatchObject({ taken: 1, left: 2, ended: 'complete' });
    expect((await actor.store.list('dead', 0, 10)).map(({ id }) => id)).toEqual(['a', 'c']);
  });

  test('a redrive of all goes through pages, tells how far it is, and ends at its limit', async () => {
    const actor = open();
    await dead(actor, ...names(7).map((id) => [id] as const));
    const told: number[] = [];
    expect(await run(actor, 'redrive', { limit: 3, onProgress: ({ taken }) => told.push(taken) })).toEqual({
      taken: 3,
      skipped: 0,
      left: 4,
      ended: 'limit',
    });
    expect(told).toEqual([2, 3]);
    expect(await actor.claim('h')).toEqual(names(3));
    expect(await run(actor, 'redrive')).toEqual({ taken: 4, skipped: 0, left: 0, ended: 'complete' });
  });

  test('a job that dies again while all are redriven is not redriven again', async () => {
    const actor = open();
    await dead(actor, ...names(5).map((id) => [id] as const));
    harness().advance(1);
    // Every job dies again before the next page.
    const store: Store = {
      ...actor.store,
      async redrive(which, untilMs) {
        const ids = await actor.store.redrive(which, untilMs);
        harness().advance(1);
        await actor.claim('undertaker', ids.length);
        await actor.exchange(
          'undertaker',
          ids.map((id) => bury(id)),
          0,
        );
        return ids;
      },
    };
    expect(await run(actor, 'redrive', {}, store)).toEqual({ taken: 5, skipped: 0, left: 5, ended: 'complete' });
  });

  test('a redrive of all that is aborted stops between two calls and says how far it got', async () => {
    const actor = open();
    await dead(actor, ...names(6).map((id) => [id] as const));
    const stop = new AbortController();
    const result = await run(actor, 'redrive', { signal: stop.signal, onProgress: ({ taken }) => taken >= 4 && stop.abort() });
    expect(result).toEqual({ taken: 4, skipped: 0, left: 2, ended: 'aborted' });
    expect(await run(actor, 'purge', { signal: AbortSignal.abort() })).toEqual({ taken: 0, skipped: 0, left: 2, ended: 'aborted' });
  });

  test('a redrive of all keeps to its rate, and does not wait after the last', async () => {
    const actor = open();
    await dead(actor, ...names(3).map((id) => [id] as const));
    const clock = new ManualClock();
    const at: number[] = [];
    const store: Store = {
      ...actor.store,
      redrive(which, untilMs) {
        at.push(clock.now());
        return actor.store.redrive(which, untilMs);
      },
    };
    const running = takeAll({ stores: [store], verb: 'redrive', clock, open: () => store.open() }, { ratePerSecond: 2 });
    // Time moves until the last one is taken; what would wait after it would wait for ever.
    while (at.length < 3) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (at.length < 3) clock.advance(100);
    }
    expect(await running).toEqual({ taken: 3, skipped: 0, left: 0, ended: 'complete' });
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(500);
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(500);
  });

  test('a redrive of all that breaks off between two pages loses nothing, and the next one goes on', async () => {
    const actor = open();
    await dead(actor, ...names(7).map((id) => [id] as const));
    let calls = 0;
    const store: Store = {
      ...actor.store,
      async redrive(which, untilMs) {
        if ((calls += 1) === 3) throw new Error('the process dies here');
        const ids = await actor.store.redrive(which, untilMs);
        // The answer of the second call is lost, as if the connection were cut.
        if (calls === 2) throw new Error('cut');
        return ids;
      },
    };
    await expect(run(actor, 'redrive', {}, store)).rejects.toThrow('cut');
    expect(await actor.store.counts()).toMatchObject({ waiting: 4, dead: 3 });
    await expect(run(actor, 'redrive', {}, store)).rejects.toThrow('dies');
    expect(await run(actor, 'redrive', {}, store)).toMatchObject({ taken: 3, left: 0 });
    expect(await actor.claim('h', 100)).toEqual(names(7));
  });

  test('two redrives of all at the same time move each dead letter once', async () => {
    const actor = open();
    await dead(actor, ...names(20).map((id) => [id] as const));
    const results = await Promise.all([run(actor, 'redrive'), run(actor, 'redrive')]);
    expect(results[0].taken + results[1].taken).toBe(20);
    expect((await actor.claim('h', 100)).toSorted()).toEqual(names(20));
  });

  test('a dead letter that is added by hand is there once, in any state it may be in, and within the bound', async () => {
    const actor = open({ dead: { count: 3, ageMs: 60_000 } });
    await actor.add('waiting');
    const letter = (id: string, body = id) => ({
      id,
      stored: storedOf(body),
      record: encodeFailure({ attempts: 2, losses: 0, reason: 'rejected' }),
    });
    const letters = [letter('waiting'), letter('a'), letter('b'), letter('b', 'another'), letter('c'), letter('d')];
    expect(await actor.store.addDead(letters)).toEqual(['different', 'created', 'created', 'different', 'created', 'full']);
    expect(await actor.store.counts()).toMatchObject({ waiting: 1, dead: 3 });
    expect(await actor.store.redrive({ ids: ['a'] })).toEqual(['a']);
    expect(await actor.claim('h')).toEqual(['waiting', 'a']);
    expect(await actor.store.addDead([letter('a'), letter('d')])).toEqual(['existing', 'created']);
    expect(await actor.state('a')).toBe('active');
  });
}

function storedOf(body: string): Buffer {
  const bytes = Buffer.from(JSON.stringify(body));
  return Buffer.concat([Buffer.alloc(6), encodeEnvelope({ digest: digestOf(bytes), body: bytes })]);
}

import { expect, test } from 'vitest';
import type { Settlement } from '@nines/queue';
import { LEASE_MS, retry, type Actor, type Open, type StoreHarness } from './actor.ts';

const ack = (id: string): Settlement => ({ verb: 'ack', id, failedBefore: true });
const bury = (id: string): Settlement => ({ verb: 'dead', id, record: '5 0 {}' });
const release = (id: string, suspect = false): Settlement => ({ verb: 'release', id, suspect });

/** Groups, whose jobs run one at a time and in order. */
export function groupCases(open: Open, harness: () => StoreHarness): void {
  /** Claims one after the other, each acknowledged at once. */
  const runAll = async (actor: Actor, token = 'last') => {
    const ids: string[] = [];
    let settled: Settlement[] = [];
    for (;;) {
      const { jobs } = await actor.exchange(token, settled, 1);
      if (jobs.length === 0) return ids;
      ids.push(...jobs.map(({ id }) => id));
      settled = jobs.map(({ id }) => ack(id));
    }
  };

  test('jobs of a group run one at a time and in order, and groups take turns', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2', 'a3');
    await actor.addTo('gB', 'b1', 'b2');
    expect(await actor.claim('h', 10)).toEqual(['a1', 'b1']);
    expect(await actor.claim('other', 10)).toEqual([]);
    const next = await actor.exchange('h', [ack('b1')], 10);
    expect(next.jobs.map(({ id }) => id)).toEqual(['b2']);
    expect((await actor.exchange('h', [ack('a1')], 10)).jobs.map(({ id }) => id)).toEqual(['a2']);
    await actor.ack('h', 'a2', 'b2');
    expect(await runAll(actor)).toEqual(['a3']);
    expect(await actor.store.counts()).toMatchObject({ waiting: 0, active: 0 });
  });

  test('jobs without a group and groups take turns, from claim to claim', async () => {
    const actor = open();
    await actor.add('1', '2', '3', '4');
    await actor.addTo('gA', 'a1', 'a2');
    await actor.addTo('gB', 'b1');
    expect(await actor.claim('h', 1)).toEqual(['1']);
    expect(await actor.claim('h', 1)).toEqual(['a1']);
    expect(await actor.claim('h', 10)).toEqual(['2', 'b1', '3', '4']);
  });

  test('high classes go before groups, and low classes after them', async () => {
    const actor = open();
    await actor.addTo('p3', 'low');
    await actor.addTo('gA', 'a1');
    await actor.addTo('p5', 'high');
    expect(await actor.claim('h', 10)).toEqual(['high', 'a1', 'low']);
  });

  test('a job that waits for its retry holds its group up, and no other group', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2');
    await actor.addTo('gB', 'b1', 'b2');
    await actor.claim('h', 2);
    const reply = await actor.exchange('h', [retry('a1', 5000), ack('b1')], 10);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['b2']);
    expect(await actor.store.counts()).toMatchObject({ waiting: 1, delayed: 1 });
    await actor.addTo('gA', 'a3');
    expect(await actor.claim('h', 10)).toEqual([]);
    harness().advance(5000);
    expect(await actor.claim('h', 10)).toEqual(['a1']);
    await actor.ack('h', 'a1', 'b2');
    expect(await runAll(actor)).toEqual(['a2', 'a3']);
  });

  test('a dead letter lets its group go on, and joins its tail when it is redriven', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2', 'a3');
    await actor.claim('h', 1);
    await actor.exchange('h', [bury('a1')], 0);
    expect(await actor.store.get('a1')).toMatchObject({ state: 'dead', place: 'gA' });
    expect(await actor.claim('h', 1)).toEqual(['a2']);
    await actor.store.redrive({ ids: ['a1'] });
    expect(await actor.claim('h', 1)).toEqual([]);
    await actor.ack('h', 'a2');
    expect(await runAll(actor)).toEqual(['a3', 'a1']);
  });

  test('a dead letter that is purged is forgotten with its place', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1');
    await actor.claim('h', 1);
    await actor.exchange('h', [bury('a1')], 0);
    await actor.store.purge({ limit: 1 });
    await actor.add('a1');
    expect(await actor.store.get('a1')).toMatchObject({ state: 'waiting', place: undefined });
  });

  test('the order of a group holds through a crash: what was held comes back first', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2');
    await actor.claim('dead-one', 10);
    harness().advance(LEASE_MS + 1);
    const reply = await actor.exchange('h', [], 10, false);
    expect([reply.recovered, reply.jobs]).toEqual([1, []]);
    expect(await actor.claim('h', 10)).toEqual(['a1']);
    await actor.exchange('h', [release('a1', true)], 0);
    expect(await runAll(actor)).toEqual(['a1', 'a2']);
  });

  test('poison of a group is dead-lettered, and its group goes on', async () => {
    const actor = open();
    await actor.addTo('gA', 'poison', 'a2');
    for (const token of ['h1', 'h2', 'h3']) {
      expect(await actor.claim(token)).toEqual(['poison']);
      harness().advance(LEASE_MS + 1);
    }
    const reply = await actor.exchange('h4', [], 1);
    expect([reply.poisoned, reply.jobs.map(({ id }) => id)]).toEqual([1, ['a2']]);
  });

  test('the order of a group holds when a job is handed back, or was claimed by an answer that got lost', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2');
    await actor.addTo('gB', 'b1');
    await actor.claim('h', 1);
    await actor.exchange('h', [release('a1')], 0);
    expect(await actor.claim('h', 1)).toEqual(['a1']);
    await actor.store.reconcile('h', []);
    expect(await runAll(actor)).toEqual(['a1', 'b1', 'a2']);
  });

  test('a delayed job joins the tail of its group when it is due', async () => {
    const actor = open();
    await actor.addDelayed('later', 1000, 'gA');
    await actor.addTo('gA', 'a1', 'a2');
    await actor.claim('h', 1);
    harness().advance(1000);
    expect(await actor.claim('h', 1)).toEqual([]);
    await actor.ack('h', 'a1');
    expect(await runAll(actor)).toEqual(['a2', 'later']);
  });

  test('a full queue of follow-ups delays a job of a group, which holds the group up', async () => {
    const actor = open();
    const full = open({ name: `${actor.options.name}-full`, maxWaiting: 1 });
    await full.add('there');
    await actor.store.colocate(full.options);
    await actor.addTo('gA', 'a1', 'a2');
    await actor.claim('h', 1);
    const job = { id: 'child', delayMs: 0, fresh: false, envelope: Buffer.from([1, 0]) };
    const commit: Settlement = { verb: 'commit', id: 'a1', failedBefore: false, followUps: [{ queue: full.options, job }] };
    const reply = await actor.exchange('h', [commit], 10);
    expect([reply.refusedIds, reply.jobs]).toEqual([['a1'], []]);
    harness().advance(1000);
    expect(await runAll(actor)).toEqual(['a1', 'a2']);
  });

  test('what follows from a job goes to its class and its group', async () => {
    const actor = open();
    await actor.store.colocate(actor.options);
    await actor.addTo('gA', 'a1', 'a2');
    await actor.claim('h', 1);
    const followUp = (id: string, place: string | undefined) => ({
      queue: actor.options,
      job: { id, delayMs: 0, fresh: false, envelope: Buffer.from([1, 0]), place },
    });
    const followUps = [followUp('a3', 'gA'), followUp('plain', undefined), followUp('b1', 'gB'), followUp('high', 'p8')];
    await actor.exchange('h', [{ verb: 'commit', id: 'a1', failedBefore: false, followUps }], 0);
    expect(await actor.store.counts()).toMatchObject({ waiting: 5 });
    expect(await actor.claim('h', 10)).toEqual(['high', 'plain', 'b1', 'a2']);
    await actor.ack('h', 'a2');
    expect(await runAll(actor)).toEqual(['a3']);
  });

  test('jobs of groups are counted, listed, found and bounded, also those that wait behind another', async () => {
    const actor = open({ maxWaiting: 3 });
    await actor.addTo('gA', 'a1', 'a2');
    harness().advance(7000);
    expect(await actor.addTo('gB', 'b1', 'b2')).toEqual(['created', 'full']);
    expect((await actor.store.list('waiting', 0, 10)).map(({ id }) => id)).toEqual(['a1', 'a2', 'b1']);
    expect((await actor.store.list('waiting', 1, 1)).map(({ id, place }) => [id, place])).toEqual([['a2', 'gA']]);
    await actor.claim('h', 1);
    const { waiting, active, oldestAgeMs } = await actor.store.counts();
    expect([waiting, active]).toEqual([2, 1]);
    expect(oldestAgeMs).toBeGreaterThanOrEqual(7000);
    expect(await actor.addTo('gB', 'b2')).toEqual(['created']);
    expect(await actor.state('a2')).toBe('waiting');
  });

  test('among 1,000 groups of which one floods, a quiet one is overtaken by at most as many jobs as there are groups', async () => {
    const GROUPS = 1000;
    const actor = open();
    const jobs = (ids: readonly string[]) =>
      ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: Buffer.from([1, 0]), place: `g${id.slice(0, id.indexOf(':'))}` }));
    await actor.store.enqueue(jobs(Array.from({ length: 100 }, (_, at) => `flood:${at}`)));
    await actor.store.enqueue(jobs(Array.from({ length: GROUPS - 2 }, (_, at) => `${at}:a`)));
    await actor.store.enqueue(jobs(Array.from({ length: GROUPS - 2 }, (_, at) => `${at}:b`)));
    // Ten run at a time; then the quiet group gets its one job.
    let running = (await actor.exchange('h', [], 10)).jobs;
    await actor.store.enqueue(jobs(['quiet:only']));
    const claimed: string[] = [];
    while (!claimed.includes('quiet:only')) {
      const [done] = running;
      const { jobs: next } = await actor.exchange('h', [ack(done!.id)], 1);
      running = [...running.slice(1), ...next];
      claimed.push(...next.map(({ id }) => id));
    }
    expect(claimed.indexOf('quiet:only')).toBeLessThanOrEqual(GROUPS);
    expect(claimed.filter((id) => id.startsWith('flood')).length).toBeLessThanOrEqual(1);
  });

  test('a consumer that found nothing is woken when a group goes on that another has held up', async () => {
    const actor = open();
    await actor.addTo('gA', 'a1', 'a2');
    await actor.claim('h', 1);
    expect(await actor.claim('idle', 1)).toEqual([]);
    const woken = Promise.withResolvers<'woken'>();
    await actor.store.subscribe(() => woken.resolve('woken'));
    await actor.ack('h', 'a1');
    expect(await woken.promise).toBe('woken');
    expect(await actor.claim('idle', 1)).toEqual(['a2']);
  });
}

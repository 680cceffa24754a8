import type { ExchangeReply, QueueOptions, ResolvedQueueOptions, Settlement, Store } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import { encodeFailure } from '../../src/failure-record.ts';

export interface StoreHarness {
  /** A store of the queue; two stores of the same options see the same jobs. */
  open(options: ResolvedQueueOptions): Store;
  /** Moves the time of the store. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export const LEASE_MS = 10_000;

export type Open = (options?: Partial<QueueOptions>) => Actor;

export interface Actor {
  readonly store: Store;
  readonly options: ResolvedQueueOptions;
  add(...ids: string[]): Promise<readonly string[]>;
  /** Adds jobs to a class (`p7`) or a group (`gone`). */
  addTo(place: string, ...ids: string[]): Promise<readonly string[]>;
  addDelayed(id: string, delayMs: number, place?: string): Promise<void>;
  exchange(token: string, settlements: readonly Settlement[], want: number, wantSuspect?: boolean): Promise<ExchangeReply>;
  claim(token: string, want?: number): Promise<string[]>;
  ack(token: string, ...ids: string[]): Promise<ExchangeReply>;
  state(id: string): Promise<string | undefined>;
}

/** Speaks to a store as a holder does, and remembers which tokens are known. */
export function createActor(store: Store, options: ResolvedQueueOptions): Actor {
  const used = new Set<string>();
  const exchange: Actor['exchange'] = async (token, settlements, want, wantSuspect = true) => {
    const reply = await store.exchange({ token, known: used.has(token), settlements, want, wantSuspect });
    if (reply.holder === 'holding') used.add(token);
    else used.delete(token);
    return reply;
  };
  return {
    store,
    options,
    exchange,
    async add(...ids) {
      return (await store.enqueue(ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: envelope(id) })))).verdicts;
    },
    async addTo(place, ...ids) {
      return (await store.enqueue(ids.map((id) => ({ id, delayMs: 0, fresh: false, envelope: envelope(id), place })))).verdicts;
    },
    async addDelayed(id, delayMs, place) {
      await store.enqueue([{ id, delayMs, fresh: true, envelope: envelope(id), place }]);
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
export const retry = (id: string, delayMs: number, attempts = 1): Settlement => ({
  verb: 'retry',
  id,
  delayMs,
  record: encodeFailure({ attempts, losses: 0, error: 'no' }),
});

import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';
import type { Peer, PeerOptions, Payload } from '../peer.ts';

/** It runs one job of a group at a time, so each job has a group of its own, of as many as there are slots many times over. */
const GROUPS = 10_000;

export function groupmq({ url, queue: namespace }: PeerOptions): Peer {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue<Payload>({ redis: redis as never, namespace, maxAttempts: 5 });
  let worker: Worker<Payload> | undefined;
  const add = (payload: Payload) => queue.add({ groupId: String(payload.n % GROUPS), data: payload });
  return {
    enqueue: add,
    enqueueMany: (payloads) => Promise.all(payloads.map(add)),
    async work(handler, concurrency) {
      worker = new Worker<Payload>({ queue, concurrency, handler: async ({ data }) => handler(data) });
      void worker.run();
    },
    async close() {
      await worker?.close();
      await queue.close();
      redis.disconnect();
    },
  };
}

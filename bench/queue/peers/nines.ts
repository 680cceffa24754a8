import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { createConsumer, createProducer, defineQueue, type Consumer, type Producer } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import type { Peer, PeerOptions, Payload } from '../peer.ts';

/** A consumer runs 1000 jobs at most; more is several consumers. */
const CONCURRENCY_MAX = 1000;

/** Shared by all queues of a process, as a service does. */
let redis: Redis | undefined;
const registry = new Registry();

/** `maxWaiting` is raised, metrics are on; all else is as shipped. */
export function nines({ url, queue: name }: PeerOptions): Peer {
  const client = (redis ??= new Redis(url, { lazyConnect: true }));
  const queue = defineQueue<Payload>({ name, maxWaiting: 10_000_000 });
  const metrics = prometheus(registry);
  const consumers: Consumer[] = [];
  let producer: Producer<Payload> | undefined;
  const send = () => (producer ??= createProducer(queue, { redis: client, metrics }));
  return {
    enqueue: (payload) => send().enqueue(payload),
    async enqueueMany(payloads) {
      const refused = (await send().enqueueMany(payloads)).find(({ status }) => status === 'rejected');
      if (refused !== undefined) throw new Error('a job was refused', { cause: refused });
    },
    async work(handler, concurrency) {
      for (let left = concurrency; left > 0; left -= CONCURRENCY_MAX) {
        const run = async ({ payload }: { readonly payload: Payload }) => handler(payload);
        const consumer = createConsumer(queue, run, { redis: client, metrics, concurrency: Math.min(left, CONCURRENCY_MAX) });
        consumers.push(consumer);
        await consumer.start();
      }
    },
    async close() {
      for (const consumer of consumers) await consumer.stop();
      await producer?.close();
      client.disconnect();
    },
  };
}

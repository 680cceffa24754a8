import { Queue as BullQueue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';

/** What every measured queue can do; each peer does it the way its own documentation recommends. */
export interface Peer {
  /** Enqueues one job and waits for the answer. */
  enqueue(payload: Payload): Promise<unknown>;
  /** Enqueues many jobs by the peer's call for many. */
  enqueueMany(payloads: readonly Payload[]): Promise<unknown>;
  /** Runs jobs until `count` were handled; resolves when the last handler was called. Tells when it listens. */
  consume(count: number, concurrency: number, onReady: () => void): Promise<void>;
  close(): Promise<void>;
}

export interface Payload {
  readonly n: number;
  readonly text: string;
}

export type PeerName = 'nines' | 'bullmq';

export const peers: Readonly<Record<PeerName, (url: string, queue: string) => Peer>> = { nines, bullmq };

/** Counts handler calls; `done` resolves at the last one. */
function countdown(count: number) {
  const done = Promise.withResolvers<void>();
  let left = count;
  return {
    done: done.promise,
    handle: () => {
      left -= 1;
      if (left === 0) done.resolve();
    },
  };
}

function nines(url: string, name: string): Peer {
  const redis = new Redis(url, { lazyConnect: true });
  const queue = defineQueue<Payload>({ name, maxWaiting: 10_000_000 });
  const metrics = prometheus(new Registry());
  const producer = createProducer(queue, { redis, metrics });
  let stop: () => Promise<unknown> = async () => {};
  return {
    enqueue: (payload) => producer.enqueue(payload),
    async enqueueMany(payloads) {
      const refused = (await producer.enqueueMany(payloads)).find(({ status }) => status === 'rejected');
      if (refused !== undefined) throw new Error('a job was refused', { cause: refused });
    },
    async consume(count, concurrency, onReady) {
      const { handle, done } = countdown(count);
      const consumer = createConsumer(queue, handle, { redis, concurrency, metrics });
      stop = () => consumer.stop();
      await consumer.start();
      onReady();
      await done;
    },
    async close() {
      await stop();
      await producer.close();
      redis.disconnect();
    },
  };
}

function bullmq(url: string, name: string): Peer {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port) };
  const queue = new BullQueue(name, {
    connection,
    defaultJobOptions: { removeOnComplete: true, attempts: 5, backoff: { type: 'exponential', delay: 200 } },
  });
  let stop: () => Promise<unknown> = async () => {};
  return {
    enqueue: (payload) => queue.add('job', payload),
    enqueueMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'job', data }))),
    async consume(count, concurrency, onReady) {
      const { handle, done } = countdown(count);
      const worker = new Worker(
        name,
        async () => {
          handle();
        },
        { connection: { ...connection, maxRetriesPerRequest: null }, concurrency },
      );
      stop = () => worker.close();
      await worker.waitUntilReady();
      onReady();
      await done;
    },
    async close() {
      await stop();
      await queue.close();
    },
  };
}

import { Queue, Worker, type Telemetry } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { Redis } from 'ioredis';
import type { Peer, PeerOptions, Payload } from '../peer.ts';

/** Shared by all queues of a process; a worker duplicates it for its blocking calls. */
let connection: Redis | undefined;

/** Jobs are removed when done and have five attempts with backoff, as ours have by default; all else is as shipped. */
export function bullmq({ url, queue: name, tracing }: PeerOptions): Peer {
  const shared = (connection ??= new Redis(url, { maxRetriesPerRequest: null })) as never;
  const telemetry =
    tracing === 'none'
      ? undefined
      : (new BullMQOtel({ tracerName: 'bench', enableMetrics: tracing === 'traced and metrics' }) as Telemetry);
  let queue: Queue<Payload> | undefined;
  let worker: Worker<Payload> | undefined;
  const send = () =>
    (queue ??= new Queue<Payload>(name, {
      connection: shared,
      ...(telemetry === undefined ? {} : { telemetry }),
      defaultJobOptions: { removeOnComplete: true, attempts: 5, backoff: { type: 'exponential', delay: 200 } },
    }));
  return {
    enqueue: (payload) => send().add('job', payload),
    enqueueMany: (payloads) => send().addBulk(payloads.map((data) => ({ name: 'job', data }))),
    async work(handler, concurrency) {
      worker = new Worker<Payload>(name, async ({ data }) => handler(data), {
        connection: shared,
        concurrency,
        ...(telemetry === undefined ? {} : { telemetry }),
      });
      await worker.waitUntilReady();
    },
    async close() {
      await worker?.close();
      await queue?.close();
      connection?.disconnect();
    },
  };
}

import BeeQueue from 'bee-queue';
import type { Peer, PeerOptions, Payload } from '../peer.ts';

/** Jobs are removed when done and have five attempts with backoff, as ours have by default; nobody listens to results. */
export function beeQueue({ url, queue: name }: PeerOptions): Peer {
  const { hostname: host, port } = new URL(url);
  const shared = { redis: { host, port: Number(port) }, removeOnSuccess: true, getEvents: false, storeJobs: false };
  let producer: BeeQueue<Payload> | undefined;
  let worker: BeeQueue<Payload> | undefined;
  const send = () => (producer ??= new BeeQueue<Payload>(name, { ...shared, isWorker: false }));
  const job = (payload: Payload) => send().createJob(payload).retries(4).backoff('exponential', 200);
  return {
    enqueue: (payload) => job(payload).save(),
    enqueueMany: (payloads) => send().saveAll(payloads.map(job)),
    async work(handler, concurrency) {
      worker = new BeeQueue<Payload>(name, shared);
      // As its documentation asks of a worker: look for the jobs of dead workers.
      worker.checkStalledJobs(5000, () => {});
      worker.process(concurrency, async ({ data }) => handler(data));
      await worker.ready();
    },
    async close() {
      await worker?.close(1000);
      await producer?.close(1000);
    },
  };
}

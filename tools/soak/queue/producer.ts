import { createProducer, isQueueError, type Producer } from '@nines/queue';
import { setTimeout as pause } from 'node:timers/promises';
import { openHistory, type HistoryWriter } from './history.ts';
import { fateOf, soakQueue, type SoakJob } from './jobs.ts';
import { connect, type ProcessOptions } from './process-options.ts';

/** A producer process: enqueues the jobs of its range, writes down what it was told of each, and ends. It may be killed at any time. */
const { name, folder, server, seed, maxWaiting, durability, from = 0, to = 0 } = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions;

const BATCH = 100;
/** Batches on their way at once. */
const LANES = 4;
const FULL_PAUSE_MS = 5;

const history = openHistory(folder, name);
const redis = connect(server);
const producer = createProducer(soakQueue(maxWaiting, durability), { redis, enqueueTimeoutMs: 60_000 });

let next = from;
async function lane(): Promise<void> {
  while (next < to) {
    const batch = Array.from({ length: Math.min(BATCH, to - next) }, (_, at) => next + at);
    next += batch.length;
    await send(producer, history, batch);
  }
}

/** Repeats what a full queue refused: that much is certain not to be there. What was not answered stays in doubt. */
async function send(target: Producer<SoakJob>, log: HistoryWriter, numbers: readonly number[]): Promise<void> {
  log.write('sent', numbers, Date.now());
  const accepted = acceptances(log);
  let open = numbers;
  while (open.length > 0) {
    const batch = open;
    const results = await Promise.allSettled(
      batch.map((n) => target.enqueue({ n }, { id: String(n), delayMs: fateOf(seed, n).delayMs }).then(() => accepted(n))),
    );
    const full: number[] = [];
    const unanswered: number[] = [];
    for (const [at, result] of results.entries()) {
      if (result.status === 'rejected') (isFull(result.reason) ? full : unanswered).push(batch[at]!);
    }
    log.write('unanswered', unanswered, Date.now());
    if (full.length > 0) await pause(FULL_PAUSE_MS);
    open = full;
  }
}

/** Writes down at once what one answer accepted. Waiting for the rest of a batch would date it after a crash that came in between. */
function acceptances(log: HistoryWriter): (job: number) => void {
  let jobs: number[] = [];
  const write = () => {
    log.write('accepted', jobs, Date.now());
    jobs = [];
  };
  return (job) => {
    if (jobs.push(job) === 1) queueMicrotask(write);
  };
}

const isFull = (error: unknown) => isQueueError(error) && error.code === 'QUEUE_FULL';

// The parent is gone: nobody would end this process.
process.on('disconnect', () => process.exit(1));
await Promise.all(Array.from({ length: LANES }, lane));
await producer.close();
redis.disconnect();
history.close();
process.send?.({ type: 'done' }, () => process.exit(0));

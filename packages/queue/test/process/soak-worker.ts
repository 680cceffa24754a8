import { setTimeout as pause } from 'node:timers/promises';
import { createConsumer } from '@nines/queue';
import { systemClock } from '../../src/clock.ts';
import { acquireConnection } from '../../src/redis/connection.ts';
import { createRedisStore } from '../../src/redis/store.ts';
import { openHistory } from '../../../../tools/soak/queue/history.ts';
import { fateOf, soakQueue } from '../../../../tools/soak/queue/jobs.ts';
import { connect, type ProcessOptions } from '../../../../tools/soak/queue/process-options.ts';
import { spied } from '../../../../tools/soak/queue/spy.ts';

/** A worker process: runs jobs, writes down what it claimed, ended and settled, and tells its parent how many it ended. */
const { name, folder, server, seed, maxWaiting, durability } = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions;

const CONCURRENCY = 64;
const TELL_EVERY = 100;

const history = openHistory(folder, name);
const redis = connect(server);
const queue = soakQueue(maxWaiting, durability);
let ended = 0;
let told = 0;
const tell = () => {
  if (ended > told) process.send?.({ type: 'ended', jobs: ended - told });
  told = ended;
};

const consumer = createConsumer(
  queue,
  async ({ id, payload }, { attempt, signal }) => {
    if (id !== String(payload.n)) throw new Error(`job ${id} has the payload of ${payload.n}`);
    const { fails, workMs } = fateOf(seed, payload.n);
    if (fails && attempt === 1) throw new Error('fails at first');
    if (workMs > 0) await pause(workMs);
    // A careful handler gives up when its lease is lost; a careless one goes on. Half of them are careless.
    if (signal.aborted && payload.n % 2 === 0) return;
    history.write('ended', [payload.n], Date.now());
    ended += 1;
    if (ended - told >= TELL_EVERY) tell();
  },
  {
    concurrency: CONCURRENCY,
    connectTimeoutMs: 60_000,
    store: (definition) =>
      spied(
        createRedisStore({ queue: definition.options, connection: acquireConnection(redis, systemClock), connectTimeoutMs: 60_000 }),
        history,
      ),
  },
);

const timer = setInterval(tell, 50);
// The parent is gone: nobody would end this process.
process.on('disconnect', () => process.exit(1));
process.on('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  await consumer.stop({ timeoutMs: 10_000 });
  clearInterval(timer);
  tell();
  redis.disconnect();
  history.close();
  process.send?.({ type: 'done' }, () => process.exit(0));
}

await consumer.start();
process.send?.({ type: 'ready' });

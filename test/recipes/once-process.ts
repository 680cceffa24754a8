/** A worker that is killed when its database has what a job did, and Redis does not know. Arguments: database, address of Redis, name of the queue. */
import { DatabaseSync } from 'node:sqlite';
import { createConsumer, defineQueue } from '@nines/queue';
import { Redis } from 'ioredis';
import { DONE, once } from './once.ts';

const [file = '', redisUrl = '', name = ''] = process.argv.slice(2);
const db = new DatabaseSync(file);
db.exec(`CREATE TABLE account (cents INTEGER NOT NULL); INSERT INTO account VALUES (0); ${DONE}`);

const consumer = createConsumer(
  defineQueue<{ cents: number }>({ name, leaseMs: 1_000 }),
  ({ id, payload }) => {
    once(db, id, () => db.prepare('UPDATE account SET cents = cents + ?').run(payload.cents));
    process.kill(process.pid, 'SIGKILL');
  },
  { redis: new Redis(redisUrl) },
);
await consumer.start();

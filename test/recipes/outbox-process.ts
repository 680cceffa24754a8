/**
 * A shop with an outbox, as a process that is killed where the test says.
 * Arguments: database, address of Redis, name of the queue, where to die, ids of the orders that are placed now.
 */
import { DatabaseSync } from 'node:sqlite';
import { createProducer, defineQueue, type Producer } from '@nines/queue';
import { Redis } from 'ioredis';
import { addToOutbox, OUTBOX, relay } from './outbox.ts';
import { transaction } from './transaction.ts';

const [file = '', redisUrl = '', name = '', dieAt = '', ...orders] = process.argv.slice(2);

function dieIf(place: string): void {
  if (place === dieAt) process.kill(process.pid, 'SIGKILL');
}

const db = new DatabaseSync(file);
db.exec(`CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY); ${OUTBOX}`);

for (const id of orders) {
  transaction(db, () => {
    db.prepare('INSERT INTO orders VALUES (?)').run(id);
    dieIf('in the transaction');
    addToOutbox(db, `ship-${id}`, { order: id });
  });
}
dieIf('after the commit');

const redis = new Redis(redisUrl);
const producer = createProducer(defineQueue<{ order: string }>({ name }), { redis });

/** Dies when Redis has half of the rows, or all of them and the database does not know. */
const mortal: Producer<{ order: string }> = {
  ...producer,
  async enqueue(payload, options) {
    if (dieAt === 'half enqueued' && payload.order !== orders[0]) return new Promise(() => {});
    const result = await producer.enqueue(payload, options);
    dieIf('half enqueued');
    if (payload.order === orders.at(-1)) dieIf('before the rows are deleted');
    return result;
  },
};
while ((await relay(db, mortal)) > 0);
dieIf('after the rows are deleted');
await producer.close();
redis.disconnect();

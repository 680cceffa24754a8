import type { DatabaseSync } from 'node:sqlite';
import type { Producer } from '@nines/queue';

/** `place` is the order of the rows, `id` becomes the id of the job. */
export const OUTBOX = `CREATE TABLE IF NOT EXISTS outbox (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  payload TEXT NOT NULL
)`;

/** Call it in the transaction that changes what the job is about. */
export function addToOutbox(db: DatabaseSync, id: string, payload: unknown): void {
  db.prepare('INSERT INTO outbox (id, payload) VALUES (?, ?)').run(id, JSON.stringify(payload));
}

/**
 * Enqueues the oldest rows, then deletes those that Redis has; resolves to their number. A row that was refused stays, and the call rejects
 * with the reason when it has dealt with the others.
 */
export async function relay<Payload>(db: DatabaseSync, producer: Producer<Payload>, limit = 100): Promise<number> {
  const rows = db.prepare('SELECT place, id, payload FROM outbox ORDER BY place LIMIT ?').all(limit);
  // All in one turn of the event loop, so they travel in one call.
  const results = await Promise.allSettled(
    rows.map(({ id, payload }) => producer.enqueue(JSON.parse(String(payload)) as Payload, { id: String(id) })),
  );
  const remove = db.prepare('DELETE FROM outbox WHERE place = ?');
  for (const [at, { status }] of results.entries()) if (status === 'fulfilled') remove.run(Number(rows[at]?.['place']));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return rows.length;
}

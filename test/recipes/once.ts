import type { DatabaseSync } from 'node:sqlite';
import { transaction } from './transaction.ts';

export const DONE = 'CREATE TABLE IF NOT EXISTS done (job_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL)';

/** Runs `effect` in one transaction with the note that this job is done; false when it was done before, and `effect` does not run then. */
export function once(db: DatabaseSync, jobId: string, effect: () => void): boolean {
  return transaction(db, () => {
    const { changes } = db.prepare('INSERT INTO done VALUES (?, ?) ON CONFLICT DO NOTHING').run(jobId, Date.now());
    if (Number(changes) === 0) return false;
    effect();
    return true;
  });
}

/** Forgets what no repetition can reach any more; call it once an hour or so. */
export function forgetDone(db: DatabaseSync, olderThanMs: number): void {
  db.prepare('DELETE FROM done WHERE at_ms < ?').run(Date.now() - olderThanMs);
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createInspector } from '@nines/queue';
import type { Field } from './field.ts';
import { soakQueue } from './jobs.ts';

const LOOK_EVERY_MS = 50;
/** A run in which nothing moves for so long will not end by itself; the checker says what is missing. */
const STUCK_MS = 20_000;

/** Resolves when nothing waits, is delayed or runs any more, or when nothing moves for a long time. */
export async function drain(field: Field, admin: Redis, jobs: number): Promise<void> {
  const inspector = createInspector(soakQueue(jobs), { redis: admin, connectTimeoutMs: 60_000 });
  let last = '';
  let moved = performance.now();
  try {
    for (;;) {
      const counts = await inspector.counts().catch(() => undefined);
      if (counts !== undefined && counts.waiting + counts.delayed + counts.active === 0) return;
      const now = `${field.handled()} ${JSON.stringify({ ...counts, oldestAgeMs: 0 })}`;
      if (now !== last) moved = performance.now();
      if (performance.now() - moved > STUCK_MS) return;
      last = now;
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    await inspector.close();
  }
}

import { expect, test } from 'vitest';
import { createAttempts } from './attempts.ts';
import { ClaimedJobs } from './claimed-jobs.ts';
import { systemClock } from './clock.ts';
import { giveUpCancelled } from './give-up.ts';
import { Outbox } from './outbox.ts';

test('of cancelled jobs those that run are aborted, those that have not started never will, and others are left', () => {
  const held = { attempts: createAttempts(60_000, systemClock), claimed: new ClaimedJobs(), outbox: new Outbox() };
  const claimed = (id: string) => ({ id, stored: undefined, record: undefined, suspect: false, claimedAtMs: 0 });
  const [runs, other] = [held.attempts.start('runs', false, 0), held.attempts.start('other', false, 0)];
  held.claimed.add(['waits', 'stays'].map(claimed), 0);
  held.outbox.add({ verb: 'ack', id: 'ended', failedBefore: false });
  giveUpCancelled(held, ['runs', 'waits', 'ended', 'unknown']);
  expect(runs.abandoned?.code).toBe('JOB_CANCELLED');
  expect(other.abandoned).toBeUndefined();
  expect(held.claimed.ids()).toEqual(['stays']);
  expect(held.outbox.send()).toEqual([
    { verb: 'ack', id: 'ended', failedBefore: false },
    { verb: 'cancel', id: 'waits' },
  ]);
});

import { afterEach, beforeEach, describe } from 'vitest';
import { defineQueue, type QueueOptions } from '@nines/queue';
import { createActor, LEASE_MS, type StoreHarness } from './store-cases/actor.ts';
import { boundCases } from './store-cases/bound.ts';
import { cancelCases } from './store-cases/cancel.ts';
import { clockJumpCases } from './store-cases/clock-jump.ts';
import { deadCases } from './store-cases/dead.ts';
import { dedupCases } from './store-cases/dedup.ts';
import { fencingCases } from './store-cases/fencing.ts';
import { followUpCases } from './store-cases/follow-up.ts';
import { groupCases } from './store-cases/group.ts';
import { lifeCases } from './store-cases/life.ts';
import { limitCases } from './store-cases/limit.ts';
import { operatorCases } from './store-cases/operator.ts';
import { priorityCases } from './store-cases/priority.ts';
import { recoveryCases } from './store-cases/recovery.ts';
import { resultCases } from './store-cases/result.ts';
import { sameBodyCases } from './store-cases/same-body.ts';
import { scheduleCases } from './store-cases/schedule.ts';
import { wakeCases } from './store-cases/wake.ts';

let serial = 0;
/** The promises of every store; each case has a queue of its own. */
export function storeSuite(name: string, makeHarness: () => StoreHarness): void {
  describe(`store on ${name}`, () => {
    let harness: StoreHarness;
    let queue: QueueOptions;
    beforeEach(() => {
      harness = makeHarness();
      queue = { name: `suite-${process.pid}-${(serial += 1)}`, leaseMs: LEASE_MS, maxLeaseLosses: 2 };
    });
    afterEach(() => harness.close());
    const open = (options: Partial<QueueOptions> = {}) => {
      const { options: resolved } = defineQueue({ ...queue, ...options });
      return createActor(harness.open(resolved), resolved);
    };

    lifeCases(open, () => harness);
    fencingCases(open, () => harness);
    recoveryCases(open, () => harness);
    boundCases(open, () => harness);
    followUpCases(open, () => harness);
    sameBodyCases(open);
    dedupCases(open, () => harness);
    resultCases(open, () => harness);
    cancelCases(open, () => harness);
    operatorCases(open, () => harness);
    deadCases(open, () => harness);
    wakeCases(open, () => harness);
    scheduleCases(open, () => harness);
    clockJumpCases(open, () => harness);
    priorityCases(open, () => harness);
    groupCases(open, () => harness);
    limitCases(open, () => harness);
  });
}

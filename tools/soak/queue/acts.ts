import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Fault } from './explain.ts';
import { LEASE_MS } from './jobs.ts';
import type { Act } from './plan.ts';
import type { SoakProcess } from './processes.ts';
import type { SoakServer } from './server.ts';

/** What faults may reach of a run. */
export interface Reach {
  /** Everything that was done is written down here, with its time. */
  readonly faults: Fault[];
  readonly server: SoakServer;
  /** The worker whose turn it is. */
  victim(): SoakProcess;
  /** Starts another worker in the place of one that is gone. */
  replace(victim: SoakProcess): void;
  /** Undefined when all jobs are enqueued. */
  producer(): SoakProcess | undefined;
  /** Starts another producer, which goes on behind what the last one sent. */
  produceOn(): void;
}

/** How each fault is done. */
export function createActs(reach: Reach): Readonly<Record<Act, (admin: Redis) => Promise<void>>> {
  const { faults, server } = reach;
  const timed = async (kind: Fault['kind'], process: string | undefined, work: () => unknown) => {
    const fromMs = Date.now();
    await work();
    faults.push({ kind, process, fromMs, toMs: Date.now() });
  };
  return {
    async 'kill worker'() {
      const victim = reach.victim();
      await timed('kill', victim.name, () => victim.child.kill('SIGKILL'));
      await victim.gone;
      reach.replace(victim);
    },
    async 'stop worker'() {
      const { name, child } = reach.victim();
      await timed('stop', name, async () => {
        child.kill('SIGSTOP');
        await pause(LEASE_MS * 1.3);
        child.kill('SIGCONT');
      });
    },
    'cut connections': (admin) =>
      timed('cut', undefined, async () => {
        await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
      }),
    async 'kill producer'() {
      const victim = reach.producer();
      victim?.child.kill('SIGKILL');
      await victim?.gone;
      // It may have ended by itself in the moment before.
      if (victim !== undefined && reach.producer() === victim) reach.produceOn();
    },
    async 'kill Redis'() {
      const { diedMs, forgetsFromMs } = await server.crash();
      faults.push({ kind: 'redis', fromMs: diedMs, toMs: Date.now(), forgetsFromMs });
    },
  };
}

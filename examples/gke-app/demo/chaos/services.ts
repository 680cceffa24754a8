import type { ChaosSwitch } from '../chaos-switch.ts';
import type { System } from '../system.ts';
import type { Traffic } from '../traffic.ts';

/** Ends a worker without warning. A system that replaces its workers starts another by itself. */
export function workerKill(system: System): ChaosSwitch {
  return {
    id: 'worker-kill',
    title: 'Kill a worker (SIGKILL)',
    expect:
      'Its jobs wait until their lease ends and go to another worker, some of them for the second time; nothing is lost and no alert fires.',
    kind: 'pulse',
    on: () => false,
    async set(broken) {
      if (!broken) return;
      const [worker] = system.workers;
      if (worker === undefined) throw new Error('no worker runs now: another one is being started');
      await worker.stop('SIGKILL');
    },
  };
}

export const SURGE = 5;

/** Sends several times as many events as usual. */
export function trafficSurge(traffic: Traffic): ChaosSwitch {
  return {
    id: 'traffic-x5',
    title: `Traffic × ${SURGE}`,
    expect:
      'More comes in than the workers deliver: the freshness alert fires, then the queue is full, the api refuses with 503, and the availability alert follows.',
    kind: 'switch',
    on: () => traffic.factor() !== 1,
    async set(broken) {
      traffic.setFactor(broken ? SURGE : 1);
    },
  };
}

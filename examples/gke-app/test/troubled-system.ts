import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { breakableRedis } from '../demo/chaos/redis.ts';
import type { System } from '../demo/system.ts';
import { allDelivered, deliveredIds, postEvent, setFaults, testSystem } from './harness.ts';

/** Something that happens to a running system, so that what counts it has something to say. */
export interface Trouble {
  readonly name: string;
  /** Resolves when it has happened. */
  readonly happen: () => Promise<unknown>;
  /** Goes on until Prometheus has seen it: what is born and ends between two scrapes shows no increase. */
  readonly again?: () => Promise<unknown>;
  /** Returns data once Prometheus has seen it. */
  readonly seen: string;
  readonly mend?: () => Promise<unknown>;
}

export interface TroubledSystem {
  readonly system: System;
  /** In the order in which they may happen. */
  readonly troubles: readonly Trouble[];
}

const firing = (alert: string, state = 'firing') => `ALERTS{alertname="${alert}",alertstate="${state}"}`;

/** A system with all that can go wrong with it: one worker takes one job at a time, and a circuit that opens stays open. */
export async function troubledSystem(redisUrl: string): Promise<TroubledSystem> {
  const link = await breakableRedis(redisUrl);
  if (link === undefined) throw new Error(`Redis must have a plain address, got ${redisUrl}`);
  const namespace = `test-${randomUUID()}`;
  const env = { QUEUE_NAMESPACE: namespace, CONCURRENCY: '1', BREAKER_OPEN_MS: '600000', DELIVERY_TIMEOUT_MS: '20000' };
  const system = await testSystem({ redisUrl: link.url, workers: 2, env });
  const redis = new Redis(redisUrl);
  onTestFinished(async () => {
    redis.disconnect();
    await link.close();
  });
  const turn = async (id: string, on: boolean) => link.switches.find((one) => one.id === id)?.set(on);
  const waiting = `{nines:${namespace}:0}:deliveries:waiting`;
  const [deliverOne, postOne] = [() => deliver(system), () => post(system, 1)];
  return {
    system,
    troubles: [
      { name: 'all is well', happen: deliverOne, again: deliverOne, seen: 'slo:error_ratio{slo="freshness",slo_window="5m"}' },
      { name: 'the receiver takes six seconds', happen: () => tooSlow(system), seen: firing('FreshnessBudgetBurn') },
      { name: 'a worker stands still', happen: () => stall(system), seen: 'nines_queue_lease_losses_total > 0' },
      {
        name: 'Redis answers late',
        happen: () => turn('redis-slow', true),
        again: deliverOne,
        seen: firing('LatencyBudgetBurn'),
        mend: () => turn('redis-slow', false),
      },
      {
        name: 'Redis cannot be reached',
        happen: () => turn('redis-unreachable', true),
        again: postOne,
        seen: `${firing('QueueUnknown', 'pending')} and on() ${firing('AvailabilityBudgetBurn')}`,
        mend: async () => (await turn('redis-unreachable', false), deliver(system)),
      },
      {
        name: 'the queue in Redis is not what it was',
        happen: () => redis.set(waiting, 'text'),
        again: postOne,
        seen: 'rate(http_server_request_duration_seconds_count{http_response_status_code="500"}[5m])',
        mend: () => redis.del(waiting),
      },
      { name: 'the receiver answers 410', happen: () => refuse(system, 410, 1), seen: 'nines_queue_dead_letters_total > 0' },
      {
        name: 'the receiver answers 500',
        happen: () => refuse(system, 500, 10),
        seen: `${firing('BreakerOpen', 'pending')} and on() ${firing('DeliveryBudgetBurn')}`,
      },
    ],
  };
}

/** Posts events, accepted or not, one after the other. */
async function post({ apiUrl }: System, events: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < events; n += 1) {
    const id = await postEvent(apiUrl, { n });
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

/** Posts until an event is accepted, which it is not while Redis is only coming back, and waits until it has arrived. */
async function deliver(system: System): Promise<void> {
  for (let ids: string[] = []; ids.length === 0;) {
    ids = await post(system, 1);
    await allDelivered(system.receiver, ids);
  }
}

/** More events than workers, so that some wait longer than the five seconds that are promised. */
async function tooSlow(system: System): Promise<void> {
  await setFaults(system, { latencyMs: 6000 });
  await allDelivered(system.receiver, await post(system, 4));
  await setFaults(system, { mode: 'none' });
}

/** A worker stands still in the middle of a job until another has taken that over: its lease is lost, as it finds out later. */
async function stall(system: System): Promise<void> {
  const [worker] = system.workers;
  if (worker === undefined) throw new Error('there is no worker');
  await setFaults(system, { latencyMs: 1500 });
  const ids = await post(system, 2);
  await allDelivered(system.receiver, ids);
  process.kill(worker.pid, 'SIGSTOP');
  await setFaults(system, { mode: 'none' });
  await system.receiver.line(() => deliveredIds(system.receiver).filter((id) => ids.includes(id)).length > ids.length);
  process.kill(worker.pid, 'SIGCONT');
}

async function refuse(system: System, status: number, events: number): Promise<void> {
  await setFaults(system, { mode: 'status', status });
  await post(system, events);
}

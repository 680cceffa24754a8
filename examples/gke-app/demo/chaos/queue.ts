import { createInspector } from '@nines/queue';
import { readApiConfig } from '../../src/config.ts';
import { deliveriesQueue, redisClient } from '../../src/queue.ts';
import type { ChaosSwitch } from '../chaos-switch.ts';

/** Pauses the queue, as somebody might who then forgets it. */
export function queuePause(redisUrl: string, env: Readonly<Record<string, string>>): ChaosSwitch & { close(): Promise<void> } {
  const redis = redisClient(redisUrl);
  const config = readApiConfig({ ...env, REDIS_URL: redisUrl, DESTINATIONS: 'receiver=http://127.0.0.1/' });
  const inspector = createInspector(deliveriesQueue(config.queue), { redis });
  let paused = false;
  return {
    id: 'queue-pause',
    title: 'The queue is paused',
    expect: 'Events are accepted and wait; once the head of the queue is a minute old, the alert about its age fires.',
    kind: 'switch',
    on: () => paused,
    async set(broken) {
      await (broken ? inspector.pause() : inspector.resume());
      paused = broken;
    },
    async close() {
      await inspector.close();
      redis.disconnect();
    },
  };
}

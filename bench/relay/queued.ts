import { createInspector, defineQueue } from '@nines/queue';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { PeerName } from './programs.ts';

/** How many jobs a peer's queue holds that are not done, as its own library counts them. */
export async function countQueued(peer: PeerName, redisUrl: string): Promise<number> {
  if (peer === 'bullmq') {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue('deliveries', { connection });
    const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
    await queue.close();
    connection.disconnect();
    return Object.values(counts).reduce((sum, count) => sum + count);
  }
  const redis = new Redis(redisUrl, { lazyConnect: true });
  await using inspector = createInspector(defineQueue({ name: 'deliveries', namespace: 'webhooks' }), { redis });
  const { waiting, delayed, active, dead } = await inspector.counts();
  return waiting + delayed + active + dead;
}

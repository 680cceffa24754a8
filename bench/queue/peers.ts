import type { Peer, PeerName, PeerOptions } from './peer.ts';

/** Loads only the peer that is measured: what another one's modules cost is not its cost. */
export async function openPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  switch (name) {
    case 'nines':
      return (await import('./peers/nines.ts')).nines(options);
    case 'bullmq':
      return (await import('./peers/bullmq.ts')).bullmq(options);
    case 'bee-queue':
      return (await import('./peers/bee-queue.ts')).beeQueue(options);
    default:
      return (await import('./peers/groupmq.ts')).groupmq(options);
  }
}

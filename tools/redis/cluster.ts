import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis, type RunningRedis } from './start.ts';

/** A Redis Cluster of our own: three primaries on loopback. */
export interface RunningCluster {
  readonly nodes: readonly RunningRedis[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const ASK_EVERY_MS = 20;

/** Starts three nodes, shares the slots out, introduces them to each other; resolves when all agree that the cluster works. */
export async function startCluster(program: string): Promise<RunningCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-require-full-coverage', 'yes'];
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis({ program, args })));
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    await join(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

async function join(nodes: readonly RunningRedis[]): Promise<void> {
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [index, { port }] of nodes.entries()) {
    const slots = Array.from({ length: Math.min(share, SLOTS - index * share) }, (_, slot) => index * share + slot);
    await command(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    await command(port, 'CLUSTER', 'ADDSLOTS', ...slots.map(String));
  }
  for (const { port } of nodes.slice(1)) await command(nodes[0]!.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port));
  for (const { port } of nodes) {
    // Gossip needs a moment, and tells nobody when it is done: ask until the node says so.
    while (!knowsAll(await command(port, 'CLUSTER', 'INFO'), nodes.length)) await pause(ASK_EVERY_MS);
  }
}

function knowsAll(info: string, count: number): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`) && info.includes(`cluster_slots_ok:${SLOTS}`);
}

/** One command over a connection of its own; resolves to the raw reply. */
function command(port: number, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let reply = '';
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      reply += chunk;
      const complete = reply.startsWith('$') ? reply.length >= Number.parseInt(reply.slice(1), 10) : reply.endsWith('\r\n');
      if (!complete) return;
      socket.end();
      if (reply.startsWith('-')) reject(new Error(`${words.slice(0, 2).join(' ')}: ${reply.slice(1).trim()}`));
      else resolve(reply);
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  });
}

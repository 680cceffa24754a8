import { Redis } from 'ioredis';
import { startRedis } from '../../tools/redis/start.ts';
import { findProgram } from '../machine.ts';
import { summarise, type Row } from '../summary.ts';
import type { PeerName } from './peer.ts';
import type { Ground, Scenario } from './scenario.ts';

export interface MeasureOptions {
  readonly runs: number;
  readonly quick: boolean;
  readonly progress: (line: string) => void;
}

type Measured = Readonly<Record<string, number>>;

/** Runs one scenario so often for each peer, the peers by turns, and sums up its figures. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<Row[]> {
  const measured = new Map<PeerName, Measured[]>(scenario.peers.map((peer) => [peer, []]));
  const turns = Array.from({ length: options.runs }, (_, at) => (at % 2 === 0 ? scenario.peers : scenario.peers.toReversed())).flat();
  const take = async (peer: PeerName, ground: Ground) => {
    const figures = await scenario.run(peer, ground);
    measured.get(peer)?.push(figures);
    await ground.admin.flushall();
    options.progress(`${scenario.name}, ${peer}: ${describe(figures)}`);
  };
  if (scenario.together === true) await atOnce(turns, (peer) => withGround(scenario, options, (ground) => take(peer, ground)));
  else {
    await withGround(scenario, options, async (ground) => {
      await scenario.prepare?.(ground);
      await ground.admin.flushall();
      for (const peer of turns) await take(peer, ground);
    });
  }
  return scenario.metrics.map(({ key, what, better, goal }) => {
    const values = (peer: PeerName) => (measured.get(peer) ?? []).flatMap((figures) => figures[key] ?? []);
    const others = scenario.peers.filter((peer) => peer !== 'nines' && values(peer).length > 0);
    const peers = Object.fromEntries(others.map((peer) => [peer, values(peer)]));
    return summarise({ what: `${scenario.name}: ${what}`, better, ours: values('nines'), peers, goal });
  });
}

/** Runs at the same time at most; more of them would only wait for the processor at their start. */
const AT_ONCE = 20;

async function atOnce(turns: readonly PeerName[], take: (peer: PeerName) => Promise<void>): Promise<void> {
  const left = [...turns];
  const one = async () => {
    for (let peer = left.shift(); peer !== undefined; peer = left.shift()) await take(peer);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function withGround(scenario: Scenario, { quick }: MeasureOptions, work: (ground: Ground) => Promise<void>): Promise<void> {
  const server = await startRedis({ program: findProgram(['redis-server', 'valkey-server']), args: scenario.redis ?? [] });
  const admin = new Redis(server.url);
  try {
    await work({ url: server.url, admin, quick });
  } finally {
    admin.disconnect();
    await server.stop();
  }
}

function describe(figures: Measured): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}

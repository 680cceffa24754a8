import type { Bench, BenchOptions } from '../bench.ts';
import { summarise, table, type Row } from '../summary.ts';
import { openGround, type Ground } from './ground.ts';
import type { PeerName } from './programs.ts';
import { scenarios, type Scenario } from './scenarios.ts';

/** What the table does not say. */
const ABOUT =
  'Every service is a bundle in a process of its own, with a line of log for each event and metrics; traced exports spans, too. The ratio is to ' +
  'bullmq; the verdict compares the median with the goal. A run in which a request fails or an accepted event is lost ends with an error.';

/** The peers by turns, in alternating order. */
async function rowsOf(scenario: Scenario, ground: Ground, { runs, progress }: BenchOptions): Promise<Row[]> {
  await scenario.prepare?.(ground);
  const taken: { readonly peer: PeerName; readonly figures: Readonly<Record<string, number>> }[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const peer of run % 2 === 0 ? scenario.peers : scenario.peers.toReversed()) {
      const figures = await scenario.run(peer, ground);
      taken.push({ peer, figures });
      progress(`${scenario.name}, ${peer}: ${describe(figures)}`);
    }
  }
  return scenario.metrics.map(({ key, what, better, goal }) => {
    const values = (wanted: PeerName) => taken.flatMap(({ peer, figures }) => (peer === wanted ? (figures[key] ?? []) : []));
    const others = scenario.peers.filter((peer) => peer !== 'nines');
    const peers = Object.fromEntries(others.map((peer) => [peer, values(peer)]));
    return summarise({ what: `${scenario.name}: ${what}`, better, ours: values('nines'), peers, goal });
  });
}

function describe(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
    .join(', ');
}

export const relayBench: Bench = {
  about: "the example's api beside the same api with bullmq, bullmq-otel and prom-client, and beside fastify alone",
  async measure(options) {
    const ground = await openGround(options.quick);
    try {
      const rows: Row[] = [];
      const chosen = scenarios.filter(({ name }) => options.only === undefined || name.includes(options.only));
      for (const scenario of chosen) rows.push(...(await rowsOf(scenario, ground, options)));
      const goals = rows.filter(({ goal }) => goal !== undefined).length;
      const missed = rows.filter(({ verdict }) => verdict === 'missed').length;
      return { tables: [ABOUT, table(rows), `${goals} goals, ${missed} missed`], json: { rows } };
    } finally {
      await ground.close();
    }
  },
};

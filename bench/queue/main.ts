import { Redis } from 'ioredis';
import { startRedis } from '../../tools/redis/start.ts';
import { findProgram } from '../machine.ts';
import { summarise, type Row } from '../summary.ts';
import type { PeerName } from './peers.ts';
import { scenarios, type Figures, type Scenario } from './scenarios.ts';

export interface QueueBenchOptions {
  readonly runs: number;
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly progress: (line: string) => void;
}

/** Measures each scenario side by side on one Redis, the peers alternating, and gives back medians, ranges and ratios. */
export async function benchQueue({ runs, quick, only, progress }: QueueBenchOptions): Promise<Row[]> {
  const server = await startRedis({ program: findProgram(['redis-server', 'valkey-server']) });
  const admin = new Redis(server.url);
  const rows: Row[] = [];
  try {
    for (const scenario of scenarios.filter(({ name }) => only === undefined || name.includes(only))) {
      rows.push(...(await measure(scenario, quick, runs, { url: server.url, admin }, progress)));
    }
  } finally {
    admin.disconnect();
    await server.stop();
  }
  return rows;
}

async function measure(
  scenario: Scenario,
  quick: boolean,
  runs: number,
  redis: { url: string; admin: Redis },
  progress: (line: string) => void,
): Promise<Row[]> {
  const jobs = quick ? Math.max(500, Math.round(scenario.jobs / 20)) : scenario.jobs;
  const figures: Record<PeerName, Figures[]> = { nines: [], bullmq: [] };
  for (let run = 0; run < runs; run += 1) {
    const order: PeerName[] = run % 2 === 0 ? ['nines', 'bullmq'] : ['bullmq', 'nines'];
    for (const peer of order) {
      const figure = await scenario.run(peer, jobs, redis);
      figures[peer].push(figure);
      progress(`${scenario.name}: run ${run + 1} of ${runs}, ${peer}: ${Math.round(figure.jobsPerSecond)} jobs/s`);
    }
  }
  const row = (what: string, better: Row['better'], pick: (figure: Figures) => number) =>
    summarise(`${scenario.name}: ${what}`, better, figures.nines.map(pick), figures.bullmq.map(pick));
  return [
    row('jobs/s', 'more', (figure) => figure.jobsPerSecond),
    row('Redis CPU µs/job', 'less', (figure) => figure.redisCpuUsPerJob),
    row('commands/job', 'less', (figure) => figure.commandsPerJob),
    row('Node CPU µs/job', 'less', (figure) => figure.nodeCpuUsPerJob),
  ];
}

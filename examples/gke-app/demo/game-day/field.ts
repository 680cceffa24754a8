import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startRedis, type RunningRedis } from '../../../../tools/redis/start.ts';
import type { ChaosSwitch } from '../chaos-switch.ts';
import { queuePause } from '../chaos/queue.ts';
import { breakableRedis } from '../chaos/redis.ts';
import { goLive, type Live } from '../live.ts';
import { observe } from '../prometheus/observe.ts';
import type { RunningPrometheus } from '../prometheus/start.ts';
import { demoSettings, WORKERS } from '../settings.ts';
import type { CompressedClock } from '../slo-clock.ts';
import { startSystem } from '../system.ts';
import { chartRules } from './chart-rules.ts';
import type { Scenario } from './scenario.ts';
import { startWitness, type Witness } from './witness.ts';

/** What a game day needs of the machine. */
export interface Tools {
  readonly redisProgram: string;
  readonly prometheusProgram: string;
  readonly clock: CompressedClock;
  /** For the files of Prometheus. */
  readonly folder: string;
}

/** Everything that an experiment is played on; each has its own, so that no alert of one is still on in the next. */
export interface Field {
  readonly live: Live;
  readonly witness: Witness;
  /** Its record begins now, when the system is warm: a start is not part of the experiment. */
  startPrometheus(): Promise<RunningPrometheus>;
  stop(): Promise<void>;
}

/** What stands beside every count of lost jobs. */
export const DURABILITY = 'Redis with an append-only file, appendfsync always: what it has confirmed is on the disk';
const REDIS_ARGS = ['--appendonly', 'yes', '--appendfsync', 'always'];
const LEASE_MS = 2000;

export async function startField(scenario: Scenario, tools: Tools): Promise<Field> {
  const { clock } = tools;
  const redis = await startRedis({ program: tools.redisProgram, args: REDIS_ARGS });
  const settings = demoSettings(scenario.rate, {});
  const witness = startWitness();
  const stops: (() => Promise<void>)[] = [() => redis.stop('SIGKILL')];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const link = await breakableRedis(redis.url);
    if (link === undefined) throw new Error(`the game day's own Redis has a plain address, got ${redis.url}`);
    stops.push(() => link.close());
    const env = { ...settings.env, QUEUE_NAMESPACE: `game-day-${randomUUID()}`, LEASE_MS: String(LEASE_MS), ...scenario.env };
    const system = await startSystem({ redisUrl: link.url, secret, workers: WORKERS, env, replaceWorkers: true });
    stops.push(() => system.stop());
    witness.follow(system);
    const { rate } = scenario;
    const parts = { system, clock, settings, rate, prometheus: undefined, onAnswer: witness.onAnswer };
    const pause = queuePause(redis.url, env);
    stops.push(() => pause.close());
    const live = await goLive({ ...parts, switches: [redisKill(redis), ...link.switches, pause] });
    stops.push(() => live.traffic.stop());
    const startPrometheus = async () => {
      const prometheus = await observe(system, clock, {
        program: tools.prometheusProgram,
        folder: join(tools.folder, scenario.id),
        groups: chartRules(clock.factor),
      });
      stops.push(() => prometheus.stop());
      return prometheus;
    };
    return { live, witness, startPrometheus, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Kills the Redis itself, not the way to it: what it keeps must come back from its disk. */
function redisKill(redis: RunningRedis): ChaosSwitch {
  let down = false;
  return {
    id: 'redis-kill',
    title: 'Redis is killed (SIGKILL)',
    expect: 'The api answers 503, the availability alert fires; started again, it has all that it confirmed.',
    kind: 'switch',
    on: () => down,
    async set(broken) {
      if (broken === down) return;
      if (broken) process.kill(redis.pid, 'SIGKILL');
      else await redis.restart('SIGKILL');
      down = broken;
    },
  };
}

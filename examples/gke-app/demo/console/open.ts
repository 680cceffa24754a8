import { randomBytes } from 'node:crypto';
import { readApiConfig } from '../../src/config.ts';
import { deliveriesQueue, redisClient } from '../../src/queue.ts';
import type { Live } from '../live.ts';
import { startConsole, type Console, type ConsoleOptions } from './console.ts';
import type { TraceStore } from './trace-store.ts';

/** The port that is easy to remember. */
const PORT = 9465;

export interface OpenOptions {
  readonly live: Live;
  readonly redisUrl: string;
  /** The variables of the services, so that the console reads the queue as they do. */
  readonly env: Readonly<Record<string, string>>;
  readonly traces: TraceStore;
  readonly anyPort: boolean;
}

/** What tells services to send their spans to the console; empty when whoever runs the demo has an endpoint of their own. */
export function traceVariables({ env }: TraceStore): Readonly<Record<string, string>> {
  return tracesElsewhere() === undefined ? env : {};
}

/** Starts the console of a running demo; the address that opens it holds a token made for this run. */
export async function openConsole({ live, redisUrl, env, traces, anyPort }: OpenOptions): Promise<Console> {
  const { system, clock, prometheus, switches } = live;
  const surroundings = { ...process.env, ...env, REDIS_URL: redisUrl, DESTINATIONS: `receiver=${system.receiverUrl}` };
  const redis = redisClient(redisUrl);
  const elsewhere = tracesElsewhere();
  const options: Omit<ConsoleOptions, 'port'> = {
    token: randomBytes(24).toString('base64url'),
    queue: deliveriesQueue(readApiConfig(surroundings).queue),
    redis,
    processes: () =>
      [system.api, ...system.workers].map((child) => ({ name: child.name, pid: child.pid, probesUrl: system.probesUrl(child) })),
    prometheusUrl: prometheus?.url,
    objectives: clock.objectives,
    objectivesNote: clock.note,
    switches,
    traces,
    tracesNote: elsewhere === undefined ? '' : `Traces go to ${elsewhere}, which the environment names.`,
  };
  const board = await start(options, anyPort ? 0 : PORT);
  return {
    ...board,
    async close() {
      await board.close();
      redis.disconnect();
    },
  };
}

/** Two demos on one machine: the second takes another port. */
async function start(options: Omit<ConsoleOptions, 'port'>, port: number): Promise<Console> {
  try {
    return await startConsole({ ...options, port });
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startConsole({ ...options, port: 0 });
  }
}

export function tracesElsewhere(): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: all } = process.env;
  const endpoint = traces || all;
  return endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined;
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Redis } from 'ioredis';
import { createInspector, type Queue } from '@nines/queue';
import { queueConsole } from '@nines/queue/console';
import type { Slo } from '@nines/slo';
import type { Delivery } from '../../src/queue.ts';
import type { ChaosSwitch } from '../chaos-switch.ts';
import { Access } from './access.ts';
import { Happenings } from './happenings.ts';
import { readPageFiles } from './page-files.ts';
import type { Greeting } from './protocol.ts';
import { HISTORY_MS, Recorder } from './recorder.ts';
import { answer } from './routes.ts';
import { Sampler } from './sampler.ts';
import type { TraceStore } from './trace-store.ts';
import { Viewers } from './viewers.ts';
import { WatchedProcesses, type WatchedProcess } from './watched-processes.ts';
import { WatchedQueue } from './watched-queue.ts';

export interface ConsoleOptions {
  /** Opens the console: part of the address that the demo prints. */
  readonly token: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly queue: Queue<Delivery>;
  /** Is duplicated, never used itself. */
  readonly redis: Redis;
  /** Asked at every look: workers come and go. */
  readonly processes: () => readonly WatchedProcess[];
  /** Without it budgets are worked out from the scraped counters, and there are no alerts. */
  readonly prometheusUrl?: string | undefined;
  readonly objectives: readonly Slo[];
  /** What to know of them, beside the budgets: that their clock is compressed. */
  readonly objectivesNote?: string | undefined;
  readonly switches: readonly ChaosSwitch[];
  readonly traces: TraceStore;
  /** What to know of the traces: that they go elsewhere. */
  readonly tracesNote?: string | undefined;
}

/** The console that runs. */
export interface Console {
  readonly url: string;
  /** The address that opens it in a browser. */
  readonly loginUrl: string;
  close(): Promise<void>;
}

const QUEUES = '/queues';

/**
 * Starts the console of the demo on a loopback port.
 *
 * @throws Error for a token that can be guessed; rejects when the port is taken.
 */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { token, port, queue, redis, objectives, switches, traces, prometheusUrl } = options;
  const access = new Access(token);
  const inspector = createInspector(queue, { redis, connectTimeoutMs: 1000 });
  const queues = queueConsole([queue], {
    redis,
    basePath: QUEUES,
    home: { href: '/', title: 'Board' },
    authorize: () => 'operate',
    refreshMs: 1000,
  });
  const happenings = new Happenings();
  const recorder = new Recorder({ objectives, switches, happenings, whole: (sinceMs) => traces.whole(sinceMs) });
  const viewers = new Viewers((open) => (open > 0 ? sampler.start() : sampler.stop()));
  const watched = { processes: new WatchedProcesses(options.processes, objectives), queue: new WatchedQueue(inspector), prometheusUrl };
  const sampler = new Sampler(watched, (look) => viewers.tell('board', recorder.record(look)));
  const greeting = (): Greeting => ({
    history: recorder.history,
    spanMs: HISTORY_MS,
    objectivesNote: options.objectivesNote ?? '',
    tracesNote: options.tracesNote ?? '',
  });
  const parts = { access, files: readPageFiles(), viewers, greeting, inspector, switches, happenings, traces, queues, queuesPath: QUEUES };

  const server = createServer((request, response) => void answer(parts, request, response)).listen(port, '127.0.0.1');
  server.requestTimeout = 10_000;
  try {
    await once(server, 'listening');
  } catch (error) {
    viewers.close();
    await Promise.all([inspector.close(), queues.close()]);
    throw error;
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    loginUrl: `${url}/login?token=${encodeURIComponent(token)}`,
    async close() {
      viewers.close();
      sampler.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all([inspector.close(), queues.close()]);
    },
  };
}

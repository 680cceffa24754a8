import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis, RedisUnavailable } from '../../../tools/redis/ensure.ts';
import { objectives } from '../src/objectives.ts';
import { banner } from './banner.ts';
import { breakableRedis } from './chaos/redis.ts';
import { openConsole, tracesElsewhere, traceVariables } from './console/open.ts';
import { createTraceStore } from './console/trace-store.ts';
import { describe } from './describe.ts';
import { playGameDay } from './game-day/command.ts';
import { goLive, show } from './live.ts';
import { runOnce, tell } from './once.ts';
import { HELP, readOptions, type DemoOptions } from './options.ts';
import { ensurePrometheus } from './prometheus/ensure.ts';
import { observe } from './prometheus/observe.ts';
import { demoSettings, WORKERS } from './settings.ts';
import { interrupted } from './signals.ts';
import { compressClock } from './slo-clock.ts';
import { startSystem } from './system.ts';

interface Surroundings {
  readonly options: DemoOptions;
  readonly redisUrl: string;
  readonly secret: string;
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly stop: Promise<void>;
}

/** The port that is easy to remember, when it is free; else 0, which means any. */
async function friendlyPort(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return port;
  } catch {
    return 0;
  } finally {
    server.close();
  }
}

/** `--once`: one event and its trace. */
async function single({ options, redisUrl, secret, folder, say, stop }: Surroundings): Promise<void> {
  const tracesFile = join(folder, 'spans.jsonl');
  const env = {
    QUEUE_NAMESPACE: process.env['QUEUE_NAMESPACE'] || 'demo',
    RETRY_MAX_MS: process.env['RETRY_MAX_MS'] || '2000',
    NINES_TRACES_FILE: tracesFile,
  };
  const system = await startSystem({ redisUrl, secret, destinations: process.env['DESTINATIONS'], env });
  try {
    const result = await Promise.race([runOnce(system, tracesFile, say), stop.then(() => Promise.reject(new Error('interrupted')))]);
    tell(result, say);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await system.stop();
  }
}

/** Everything, with steady traffic, until Ctrl-C or until the time is up. */
async function live({ options, redisUrl, secret, folder, say, stop }: Surroundings): Promise<void> {
  const { rate, anyPort, durationSeconds } = options;
  const clock = compressClock(objectives, options.clock);
  const settings = demoSettings(rate);
  const link = await breakableRedis(redisUrl);
  const program = await ensurePrometheus(say);
  const traces = await createTraceStore();
  const system = await startSystem({
    redisUrl: link?.url ?? redisUrl,
    secret,
    destinations: process.env['DESTINATIONS'],
    workers: WORKERS,
    apiPort: anyPort ? 0 : await friendlyPort(8080),
    receiverPort: anyPort ? 0 : await friendlyPort(8081),
    env: { ...settings.env, ...traceVariables(traces) },
    replaceWorkers: true,
  }).catch(async (error: unknown) => {
    await Promise.all([link?.close(), traces.close()]);
    throw error;
  });
  const prometheus =
    program &&
    (await observe(system, clock, { program, folder: join(folder, 'prometheus') }).catch((error: Error) =>
      say(`prometheus does not run: ${error.message}; everything else does`),
    ));
  try {
    const running = await goLive({ system, clock, settings, rate, prometheus: prometheus || undefined, switches: link?.switches ?? [] });
    const kept = {
      ...(tracesElsewhere() === undefined ? { tracesUrl: traces.url } : {}),
      ...(prometheus ? { prometheusUrl: prometheus.url } : {}),
    };
    if (options.describe !== undefined) describe(system, kept, folder, options.describe);
    const board = await openConsole({ live: running, redisUrl: link?.url ?? redisUrl, env: settings.env, traces, anyPort });
    try {
      for (const line of [`console    ${board.loginUrl}`, ...banner(running)]) say(line);
      const summary = await show(running, say, stop, durationSeconds);
      if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    } finally {
      await board.close();
    }
  } finally {
    await system.stop();
    if (prometheus) await prometheus.stop();
    await Promise.all([link?.close(), traces.close()]);
  }
}

async function run(options: DemoOptions): Promise<void> {
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const stop = interrupted();
  const folder = mkdtempSync(join(tmpdir(), 'nines-demo-'));
  // Whatever ends the process, nothing of it is left behind.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const redis = await ensureRedis();
  try {
    say(`redis      ${new URL(redis.url).host}`);
    const secret = process.env['WEBHOOK_SECRET'] || `whsec_${randomBytes(24).toString('base64')}`;
    await (options.once ? single : live)({ options, redisUrl: redis.url, secret, folder, say, stop });
  } finally {
    await redis.stop();
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--game-day')) return playGameDay(args);
  let options: DemoOptions | undefined;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  try {
    await run(options);
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return error instanceof RedisUnavailable ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

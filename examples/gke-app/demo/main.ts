import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureRedis, RedisUnavailable } from '../../../tools/redis/ensure.ts';
import { lastWords, type Child } from './child.ts';
import { describe } from './describe.ts';
import { runOnce, tell } from './once.ts';
import { startSystem, type System } from './system.ts';
import { startTraffic } from './traffic.ts';

const HELP = `npm run demo [-- options]

Starts Redis (found, or installed where that is possible), a receiver, the api and two workers, and sends events through them.

  --once      send one event, wait for its delivery, print its trace, end
  --json      with --once: print the result as JSON
  --rate N    events each second, 1 to 200 (default 5)
  --any-port  take free ports instead of 8080 (api) and 8081 (receiver)
  --describe FILE
              write addresses, processes and their log files to FILE as JSON, for deploy/verify
  --help      this text

Environment: REDIS_URL, DESTINATIONS (name=url,name2=url2: your own endpoints, besides the demo's receiver), WEBHOOK_SECRET
(whsec_…), QUEUE_NAMESPACE and every other variable of the example's README.

Exit status: 0 done, 1 something failed, 2 wrong use or no Redis.`;

interface Options {
  readonly once: boolean;
  readonly json: boolean;
  readonly rate: number;
  readonly anyPort: boolean;
  readonly describe: string | undefined;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      rate: { type: 'string', default: '5' },
      'any-port': { type: 'boolean', default: false },
      describe: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const rate = /^\d{1,3}$/.test(values.rate) ? Number(values.rate) : 0;
  if (rate < 1 || rate > 200) throw new Error(`--rate must be a whole number from 1 to 200, got ${values.rate}`);
  const anyPort = values.once || values['any-port'];
  return { once: values.once, json: values.json, rate, anyPort, describe: values.describe };
}

/** Resolves at the first Ctrl-C or SIGTERM; a later one, not of the same gesture, ends the process and so everything it started. */
function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = () => {
    // On Ctrl-C the terminal and npm each send one.
    if (firstAt !== undefined && Date.now() - firstAt > 1000) process.exit(130);
    firstAt ??= Date.now();
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return promise;
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

/** Rejects when one of the processes ends though nobody stopped it. */
async function anyDeath(system: System): Promise<never> {
  const death = async (child: Child) => {
    const { code, signal } = await child.ended;
    return new Error(`${child.name} ended unexpectedly (${signal ?? code}). ${lastWords(child.lines)}`);
  };
  throw await Promise.race([system.receiver, system.api, ...system.workers].map(death));
}

async function keepGoing(system: System, rate: number, stop: Promise<void>, say: (line: string) => void): Promise<void> {
  for (const line of banner(system)) say(line);
  const traffic = startTraffic(system, rate);
  const progress = setInterval(() => say(traffic.progress()), 1000);
  try {
    await Promise.race([stop, anyDeath(system)]);
  } finally {
    clearInterval(progress);
    await traffic.stop();
    // What the workers have in hand is delivered before they end.
    await system.stop();
    say(traffic.progress());
    for (const line of traffic.burn()) say(line);
  }
}

function banner(system: System): string[] {
  const { apiUrl, receiverUrl, api, workers } = system;
  return [
    `api        ${apiUrl}   POST /process, GET /jobs/:id`,
    `receiver   ${receiverUrl}/hooks`,
    `metrics    ${[api, ...workers].map((child) => `${system.probesUrl(child)}/metrics (${child.name}, pid ${child.pid})`).join('\n           ')}`,
    `send       curl -i '${apiUrl}/process?destination=receiver' -H 'Content-Type: application/json' --data '{"hello": "world"}'`,
    `fail       curl ${receiverUrl}/__faults -d '{"mode":"status","status":500}'`,
    `heal       curl ${receiverUrl}/__faults -d '{"mode":"none"}'`,
    'stop       Ctrl-C',
    '',
  ];
}

async function run(options: Options): Promise<void> {
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const stop = interrupted();
  const folder = mkdtempSync(join(tmpdir(), 'nines-demo-'));
  // Whatever ends the process, nothing of it is left behind.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const redis = await ensureRedis();
  try {
    say(`redis      ${new URL(redis.url).host}`);
    const tracesFile = join(folder, 'spans.jsonl');
    const system = await startSystem({
      redisUrl: redis.url,
      secret: process.env['WEBHOOK_SECRET'] || `whsec_${randomBytes(24).toString('base64')}`,
      destinations: process.env['DESTINATIONS'],
      workers: options.once ? 1 : 2,
      apiPort: options.anyPort ? 0 : await friendlyPort(8080),
      receiverPort: options.anyPort ? 0 : await friendlyPort(8081),
      env: {
        QUEUE_NAMESPACE: process.env['QUEUE_NAMESPACE'] || 'demo',
        RETRY_MAX_MS: process.env['RETRY_MAX_MS'] || '2000',
        ...(options.once ? { NINES_TRACES_FILE: tracesFile } : {}),
      },
    });
    try {
      if (options.once) {
        const result = await Promise.race([runOnce(system, tracesFile, say), stop.then(() => Promise.reject(new Error('interrupted')))]);
        tell(result, say);
        if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
        return;
      }
      if (options.describe !== undefined) describe(system, folder, options.describe);
      await keepGoing(system, options.rate, stop, say);
    } finally {
      await system.stop();
    }
  } finally {
    await redis.stop();
  }
}

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions();
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

process.exitCode = await main();

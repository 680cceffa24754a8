import { get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTelemetry } from '@nines/telemetry';
import { createRegistry, metricsHandler, runtimeMetrics } from '@nines/telemetry/metrics';

/*
 * Prints as JSON, in milliseconds: the time of /readyz at the 99th percentile while a dependency hangs, the event-loop lag at the median of
 * an idle process, and how much of a block of 200 ms right after a scrape is seen.
 */
const bounds = /^nodejs_eventloop_lag_seconds_bucket\{le="([^"]+)"\} (\d+)$/gmu;

async function readyMs(count: number): Promise<number> {
  const telemetry = await startTelemetry({
    serviceName: 'bench',
    logs: { level: 'silent' },
    probes: { port: 0 },
    shutdown: { signals: false },
  });
  telemetry.health.check('hung', () => new Promise(() => undefined), { intervalMs: 100, timeoutMs: 100 });
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await new Promise((resolve, reject) => {
      get(`${telemetry.probes?.url}/readyz`, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
    times.push(performance.now() - began);
  }
  await telemetry.shutdown();
  return times.toSorted((a, b) => a - b)[Math.floor(count * 0.99)] as number;
}

async function lag(): Promise<{ idleMs: number; blockMs: number }> {
  const registry = createRegistry();
  const stop = runtimeMetrics(registry);
  const handler = metricsHandler(registry);
  await sleep(2000);
  const idle = await handler.render();
  const buckets = [...idle.matchAll(bounds)].map(([, le, count]) => [Number(le), Number(count)] as const);
  const half = (buckets.at(-1)?.[1] ?? 0) / 2;
  const idleMs = (buckets.find(([, count]) => count >= half)?.[0] ?? Infinity) * 1000;
  const sumOf = (text: string) => Number(/^nodejs_eventloop_lag_seconds_sum (\S+)$/mu.exec(text)?.[1]);
  const before = sumOf(await handler.render());
  const end = performance.now() + 200;
  while (performance.now() < end);
  await sleep(30);
  const blockMs = (sumOf(await handler.render()) - before) * 1000;
  stop();
  return { idleMs, blockMs };
}

console.log(JSON.stringify({ readyMs: await readyMs(Number(process.argv[2])), ...(await lag()) }));
process.exit(0);

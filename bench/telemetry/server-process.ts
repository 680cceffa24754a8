import { openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { trace } from '@opentelemetry/api';
import { startTelemetry } from '@nines/telemetry';
import { createRegistry, httpServerMetrics } from '@nines/telemetry/metrics';
import { destination, pino } from 'pino';
import promClient from 'prom-client';

/*
 * An HTTP server on loopback that answers 200 at once, observed in one way, and the requests that another process sends it.
 * Prints the CPU microseconds that the server's process took for a request: `node server-process.ts KIND COUNT`.
 */
type Handler = (request: IncomingMessage, response: ServerResponse) => void;
export const KINDS = ['bare', 'RED', 'all', 'usual RED', 'usual all'] as const;
type Kind = (typeof KINDS)[number];

const discard = { onStart: () => undefined, onEnd: () => undefined, forceFlush: async () => undefined, shutdown: async () => undefined };
const answer: Handler = (_request, response) => void response.end('ok');
const nowhere = () => destination({ fd: openSync('/dev/null', 'w'), sync: true });

function red(): Handler {
  const http = httpServerMetrics(createRegistry());
  return (incoming, response) => {
    http.track(incoming, response, () => '/');
    answer(incoming, response);
  };
}

async function all(): Promise<Handler> {
  const telemetry = await startTelemetry({ serviceName: 'bench', logs: { destination: nowhere() }, traces: { spanProcessors: [discard] } });
  const http = httpServerMetrics(telemetry.metrics);
  return (incoming, response) => {
    http.track(incoming, response, () => '/');
    telemetry.logger.info({ path: incoming.url }, 'handled');
    answer(incoming, response);
  };
}

function usualRed(): Handler {
  const labelNames = ['method', 'route', 'status'];
  const duration = new promClient.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time.',
    labelNames,
    registers: [new promClient.Registry()],
  });
  return (incoming, response) => {
    const end = duration.startTimer();
    response.once('finish', () => void end({ method: incoming.method ?? '', route: '/', status: response.statusCode }));
    answer(incoming, response);
  };
}

function usualAll(): Handler {
  new NodeSDK({
    serviceName: 'bench',
    instrumentations: [new HttpInstrumentation()],
    spanProcessors: [discard],
    metricReaders: [],
  }).start();
  createRequire(import.meta.url)('node:http');
  const log = pino({ mixin: () => ({ ...trace.getActiveSpan()?.spanContext() }) }, nowhere());
  const observed = usualRed();
  return (incoming, response) => {
    log.info({ path: incoming.url }, 'handled');
    observed(incoming, response);
  };
}

const handlers: Readonly<Record<Kind, () => Handler | Promise<Handler>>> = {
  bare: () => answer,
  RED: red,
  all,
  'usual RED': usualRed,
  'usual all': usualAll,
};

const [kind, count] = process.argv.slice(2);
const make = handlers[kind as Kind];
if (make === undefined) throw new Error(`usage: server-process.ts ${KINDS.join('|')} COUNT`);
const handler = await make();
// Taken after the patches, as a program that imports telemetry first would have it.
const http = createRequire(import.meta.url)('node:http') as { createServer: typeof createServer };
const server = http.createServer(handler).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
process.send?.({ port: (server.address() as { port: number }).port, count: Number(count) });
let before = process.cpuUsage();
process.on('message', (said: 'begin' | 'end') => {
  if (said === 'begin') before = process.cpuUsage();
  else {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ micros: (user + system) / Number(count) });
    process.disconnect();
    process.exit(0);
  }
});

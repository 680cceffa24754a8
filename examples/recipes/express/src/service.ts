import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { Redis } from 'ioredis';
import { createConsumer, createInspector, createProducer, defineQueue, isQueueError } from '@nines/queue';
import { prometheus as queueMetrics } from '@nines/queue/prometheus';
import { circuitBreaker, fixed, http, isResilienceError, pipeline, timeout } from '@nines/resilience';
import { fetchWith } from '@nines/resilience/fetch';
import { prometheus as callMetrics } from '@nines/resilience/prometheus';
import { startTelemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';
import { httpServerMetrics } from '@nines/telemetry/metrics';

const { HOST = '127.0.0.1', PORT = '3000', PROBES_PORT = '9464', REDIS_URL = 'redis://127.0.0.1:6379', NAMESPACE = 'shop' } = process.env;
const { WAREHOUSE_URL = 'http://127.0.0.1:4000/shipments' } = process.env;

// Telemetry: traces, metrics, JSON logs with trace ids, health endpoints, and SIGTERM that runs the steps below in order.
const telemetry = await startTelemetry({ serviceName: 'orders', probes: { host: HOST, port: Number(PROBES_PORT) } });
const { logger, metrics, health, lifecycle } = telemetry;

// The outgoing call: each attempt has two seconds, and a warehouse that is down is left alone. The queue repeats what failed.
const policies = [circuitBreaker({ minimumCalls: 10, open: fixed(2000) }), timeout({ attemptMs: 2000 })];
const callWarehouse = fetchWith(pipeline('warehouse', policies, { classify: http(), metrics: callMetrics(metrics) }));

// The queue. A refusal by the open breaker is no attempt: such a job comes back when the breaker may have closed.
const orders = defineQueue<{ number: string; sku: string }>({
  name: 'orders',
  namespace: NAMESPACE,
  classify: (error) =>
    isResilienceError(error) && error.code === 'CIRCUIT_OPEN'
      ? { retryAfterMs: error.retryAfterMs ?? 500, countsAsAttempt: false }
      : 'retry',
});
const connection = { redis: new Redis(REDIS_URL, { lazyConnect: true }), metrics: queueMetrics(metrics) };
const producer = createProducer(orders, connection);
const inspector = createInspector(orders, { redis: connection.redis });
const consumer = createConsumer(
  orders,
  async ({ id, payload }, { signal }) => {
    // A job may run twice, after a crash; its id lets the warehouse tell.
    const headers = { 'content-type': 'application/json', 'idempotency-key': id };
    const response = await callWarehouse(WAREHOUSE_URL, { method: 'POST', headers, body: JSON.stringify(payload), signal });
    if (!response.ok) throw new Error(`the warehouse answered ${response.status}`);
    logger.info({ order: id }, 'shipped');
  },
  { ...connection, onError: (error) => logger.warn({ err: error }, 'queue trouble') },
);

const app = express().disable('x-powered-by');
app.use(httpServerMetrics(metrics).express());
app.post('/orders', express.json({ limit: '16kb' }), async (request, response) => {
  const { number, sku } = (request.body ?? {}) as Record<string, unknown>;
  if (typeof number !== 'string' || !/^[\w-]{1,64}$/.test(number) || typeof sku !== 'string' || sku.length > 64) {
    return response.status(400).json({ error: 'number must be 1 to 64 letters, digits, _ or -; sku a text of at most 64 characters' });
  }
  const { id, sameBody } = await producer.enqueue({ number, sku }, { id: number });
  if (!sameBody) return response.status(409).json({ error: 'there is another order with this number' });
  logger.info({ order: id }, 'accepted');
  return response.status(202).json({ id });
});
// Express knows an error handler by its four parameters.
const answerError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  const status = isQueueError(error) && error.retryable ? 503 : (error.status ?? 500);
  if (status >= 500) logger.error({ err: error }, 'request failed');
  if (status === 503) response.set('Retry-After', '2');
  response.status(status).json({ error: status === 503 ? 'orders cannot be taken right now' : 'the request cannot be answered' });
};
app.use(answerError);

await consumer.start();
health.check('redis', () => inspector.counts());
const server = app.listen(Number(PORT), HOST);
await once(server, 'listening');
trackServer(lifecycle, server); // stops accepting, then waits for requests in flight
lifecycle.onShutdown('drain', 'consumer', ({ remainingMs }) => consumer.stop({ timeoutMs: Math.max(0, remainingMs - 1000) }));
lifecycle.onShutdown('close', 'queue', () => Promise.all([producer.close(), inspector.close()]));
const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
logger.info({ url, probes: telemetry.probes?.url }, 'listening');

import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
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

interface Order {
  readonly number: string;
  readonly sku: string;
}

// The queue. A refusal by the open breaker is no attempt: such a job comes back when the breaker may have closed.
const orders = defineQueue<Order>({
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
const onError = (error: Error) => logger.warn({ err: error }, 'queue trouble');
const consumer = createConsumer(
  orders,
  async ({ id, payload }, { signal }) => {
    // A job may run twice, after a crash; its id lets the warehouse tell.
    const headers = { 'content-type': 'application/json', 'idempotency-key': id };
    const response = await callWarehouse(WAREHOUSE_URL, { method: 'POST', headers, body: JSON.stringify(payload), signal });
    if (!response.ok) throw new Error(`the warehouse answered ${response.status}`);
    logger.info({ order: id }, 'shipped');
  },
  { ...connection, onError },
);

const app = fastify({ bodyLimit: 16_384 });
httpServerMetrics(metrics).fastify(app);
const text = (pattern: string) => ({ type: 'string', pattern });
const body = { type: 'object', required: ['number', 'sku'], properties: { number: text('^[\\w-]{1,64}$'), sku: text('^.{1,64}$') } };
app.post<{ Body: Order }>('/orders', { schema: { body } }, async ({ body: { number, sku } }, reply) => {
  const { id, sameBody } = await producer.enqueue({ number, sku }, { id: number });
  if (!sameBody) return reply.code(409).send({ error: 'there is another order with this number' });
  logger.info({ order: id }, 'accepted');
  return reply.code(202).send({ id });
});
app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
  const status = isQueueError(error) && error.retryable ? 503 : (error.statusCode ?? 500);
  if (status >= 500) logger.error({ err: error }, 'request failed');
  if (status === 503) reply.header('Retry-After', '2');
  return reply.code(status).send({ error: status < 500 ? error.message : 'orders cannot be taken right now' });
});

await consumer.start();
health.check('redis', () => inspector.counts());
await app.listen({ host: HOST, port: Number(PORT) });
trackServer(lifecycle, app.server); // stops accepting, then waits for requests in flight
lifecycle.onShutdown('drain', 'consumer', ({ remainingMs }) => consumer.stop({ timeoutMs: Math.max(0, remainingMs - 1000) }));
lifecycle.onShutdown('close', 'queue', () => Promise.all([producer.close(), inspector.close()]));
const url = `http://${HOST}:${(app.server.address() as AddressInfo).port}`;
logger.info({ url, probes: telemetry.probes?.url }, 'listening');

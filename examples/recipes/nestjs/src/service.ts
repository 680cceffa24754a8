import 'reflect-metadata';
import { Body, Controller, HttpCode, HttpException, Injectable, Module, Post } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { createConsumer, createInspector, createProducer, defineQueue, isQueueError, type Handler } from '@nines/queue';
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
const classify = (error: unknown) =>
  isResilienceError(error) && error.code === 'CIRCUIT_OPEN' ? { retryAfterMs: error.retryAfterMs ?? 500, countsAsAttempt: false } : 'retry';
const queue = defineQueue<{ number: string; sku: string }>({ name: 'orders', namespace: NAMESPACE, classify });
const connection = { redis: new Redis(REDIS_URL, { lazyConnect: true }), metrics: queueMetrics(metrics) };
const ship: Handler<{ number: string; sku: string }> = async ({ id, payload }, { signal }) => {
  // A job may run twice, after a crash; its id lets the warehouse tell.
  const headers = { 'content-type': 'application/json', 'idempotency-key': id };
  const response = await callWarehouse(WAREHOUSE_URL, { method: 'POST', headers, body: JSON.stringify(payload), signal });
  if (!response.ok) throw new Error(`the warehouse answered ${response.status}`);
  logger.info({ order: id }, 'shipped');
};

@Injectable()
class Orders implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #producer = createProducer(queue, connection);
  readonly #inspector = createInspector(queue, { redis: connection.redis });
  readonly #consumer = createConsumer(queue, ship, { ...connection, onError: (error) => logger.warn({ err: error }, 'queue trouble') });
  async onApplicationBootstrap() {
    await this.#consumer.start();
    health.check('redis', () => this.#inspector.counts());
  }
  async onApplicationShutdown() {
    await this.#consumer.stop({ timeoutMs: 15_000 });
    await Promise.all([this.#producer.close(), this.#inspector.close()]);
  }
  async take(number: string, sku: string) {
    const { id, sameBody } = await this.#producer.enqueue({ number, sku }, { id: number }).catch((error: unknown) => {
      throw isQueueError(error) && error.retryable ? new HttpException('orders cannot be taken right now', 503) : error;
    });
    if (!sameBody) throw new HttpException('there is another order with this number', 409);
    logger.info({ order: id }, 'accepted');
    return { id };
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: Orders) {}
  @Post() @HttpCode(202) create(@Body('number') number: unknown, @Body('sku') sku: unknown) {
    if (typeof number === 'string' && /^[\w-]{1,64}$/.test(number) && typeof sku === 'string') return this.orders.take(number, sku);
    throw new HttpException('number must be 1 to 64 letters, digits, _ or -, and sku a text', 400);
  }
}

@Module({ controllers: [OrdersController], providers: [Orders] })
class AppModule {}
const write = (level: 'info' | 'warn' | 'error') => (message: unknown) => logger[level](String(message));
const app = await NestFactory.create(AppModule, { logger: { log: write('info'), warn: write('warn'), error: write('error') } });
app.use(httpServerMetrics(metrics).express());
await app.listen(Number(PORT), HOST);
trackServer(lifecycle, app.getHttpServer()); // stops accepting, then waits for requests in flight
lifecycle.onShutdown('close', 'nest', () => app.close()); // calls the hooks above
logger.info({ url: await app.getUrl(), probes: telemetry.probes?.url }, 'listening');

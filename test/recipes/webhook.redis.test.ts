import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createConsumer, createInspector, createProducer, defineQueue, fixed, type Inspector, type Producer } from '@nines/queue';
import { Redis } from 'ioredis';
import { Webhook as Verifier } from 'standardwebhooks';
import { expect, inject, onTestFinished, test } from 'vitest';
import { deliverTo, webhooks, type Webhook } from './webhook.ts';

const secret = Buffer.from('a key of the receiver and of ours').toString('base64');
const event = { type: 'order.paid', text: 'ünïcödé' };
let serial = 0;

interface Delivery {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly path: string | undefined;
  readonly atMs: number;
}

interface Receiver {
  readonly deliveries: Delivery[];
  readonly producer: Producer<Webhook>;
  readonly inspector: Inspector<Webhook>;
}

/** A receiver that gives one answer after the other, the last one for ever, and the recipe's consumer. */
async function start(...answers: readonly ((response: ServerResponse) => void)[]): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const answer = answers[Math.min(deliveries.length, answers.length - 1)];
    deliveries.push({ headers: request.headers as Record<string, string>, body, path: request.url, atMs: Date.now() });
    answer?.(response);
    response.end();
  };
  const server = createServer((request, response) => void receive(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const redis = new Redis(inject('redisUrl'));
  // The recipe's queue, but for its name and its minutes.
  const { maxAttempts, classify } = webhooks.options;
  const queue = defineQueue<Webhook>({
    name: `webhooks-${process.pid}-${(serial += 1)}`,
    maxAttempts,
    classify,
    backoff: fixed(1),
    completed: { count: 100, ageMs: 60_000 },
  });
  const consumer = createConsumer(queue, deliverTo(new Map([['acme', { url, secret }]])), { redis, concurrency: 1 });
  const producer = createProducer(queue, { redis });
  const inspector = createInspector(queue, { redis });
  await consumer.start();
  onTestFinished(async () => {
    await consumer.stop();
    await Promise.all([producer.close(), inspector.close()]);
    redis.disconnect();
    server.close();
    server.closeAllConnections();
  });
  return { deliveries, producer, inspector };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers);

test('a delivery is signed as Standard Webhooks says, under the id of its job, the same at every attempt', async () => {
  const { deliveries, producer, inspector } = await start(status(503), status(204));
  const { id } = await producer.enqueue({ endpoint: 'acme', event });
  await expect.poll(async () => (await inspector.get(id))?.state).toBe('completed');
  expect(deliveries).toHaveLength(2);
  for (const { headers, body } of deliveries) {
    expect(headers['webhook-id']).toBe(id);
    expect(new Verifier(secret).verify(body, headers)).toEqual(event);
    expect(() => new Verifier(secret).verify(`${body} `, headers)).toThrow('No matching signature');
    expect(headers['grpc-timeout']).toBeUndefined();
  }
});

test.for([400, 404, 410])('status %i dead-letters a delivery at its first attempt', async (code) => {
  const { deliveries, producer, inspector } = await start(status(code), status(204));
  const { id } = await producer.enqueue({ endpoint: 'acme', event });
  await expect.poll(async () => (await inspector.get(id))?.state).toBe('dead');
  expect(await inspector.get(id)).toMatchObject({ deadReason: 'rejected', lastError: `DeadLetterError: acme answered ${code}` });
  expect(deliveries).toHaveLength(1);
});

test.for([301, 408, 409, 501])('status %i is tried again, and a redirect is not followed', async (code) => {
  const { deliveries, producer, inspector } = await start(status(code, { location: '/elsewhere' }), status(204));
  const { id } = await producer.enqueue({ endpoint: 'acme', event });
  await expect.poll(async () => (await inspector.get(id))?.state).toBe('completed');
  expect(deliveries.map(({ path }) => path)).toEqual(['/hook', '/hook']);
});

test.for([429, 503])('status %i with Retry-After: the next attempt waits as long as was asked', async (code) => {
  const { deliveries, producer, inspector } = await start(status(code, { 'retry-after': '1' }), status(204));
  const { id } = await producer.enqueue({ endpoint: 'acme', event });
  await expect.poll(async () => (await inspector.get(id))?.state).toBe('completed');
  const [first, second] = deliveries;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(999);
});

test('Retry-After with a date beyond an hour waits an hour', async () => {
  const { producer, inspector } = await start(status(503, { 'retry-after': new Date(Date.now() + 86_400_000).toUTCString() }));
  const before = Date.now();
  const { id } = await producer.enqueue({ endpoint: 'acme', event });
  await expect.poll(async () => (await inspector.get(id))?.state).toBe('delayed');
  const { atMs = 0 } = (await inspector.get(id)) ?? {};
  expect(atMs - before).toBeGreaterThanOrEqual(3_600_000);
  expect(atMs - Date.now()).toBeLessThanOrEqual(3_600_000);
});

test('a host that fails opens its circuit: deliveries wait without losing an attempt', async () => {
  const { deliveries, producer, inspector } = await start(status(500));
  const events = Array.from({ length: 30 }, () => ({ endpoint: 'acme', event }));
  await producer.enqueueMany(events);
  // The breaker asks for twenty calls; from then on nothing reaches the host, and what waits lost no attempt for it.
  await expect.poll(async () => (await inspector.list('delayed')).filter(({ atMs = 0 }) => atMs > Date.now() + 500)).toHaveLength(30);
  expect(deliveries).toHaveLength(20);
  const failed = (await inspector.list('delayed')).map(({ failedAttempts }) => failedAttempts);
  expect(failed.reduce((sum, count) => sum + count, 0)).toBe(20);
});

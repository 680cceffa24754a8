import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeadLetterError, RetryLaterError } from '@nines/queue';
import { createLogger } from '@nines/telemetry/logging';
import { createRegistry } from '@nines/telemetry/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { createDeliver } from './deliver.ts';
import { createPipelines } from './pipelines.ts';

const settings = { timeoutMs: 5000, maxConcurrent: 16, breakerMinimumCalls: 2, breakerOpenMs: 60_000 };
const job = (destination = 'a') => ({ id: 'j1', enqueuedAtMs: 0, payload: { destination, contentType: 'application/json', body: '{}' } });
const attempt = {
  signal: new AbortController().signal,
  attempt: 1,
  maxAttempts: 20,
  progress: () => {},
  enqueue: () => Promise.reject(new Error('deliveries enqueue nothing')),
  remainingMs: () => 60_000,
};

interface Endpoint {
  readonly url: string;
  readonly requests: string[];
}

async function endpoint(listener: RequestListener): Promise<Endpoint> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Delivers one event; gives what the handler threw, or undefined when the event was delivered. */
function delivery(url: string, change: Partial<typeof settings> = {}): (destination?: string, remainingMs?: number) => Promise<unknown> {
  const destinations = new Map([['a', { name: 'a', url: `${url}/hook`, secret: undefined, ordered: false }]]);
  const pipelines = createPipelines(destinations, { ...settings, ...change }, createRegistry());
  const logger = createLogger({ serviceName: 'test', level: 'silent' });
  const deliver = createDeliver({ destinations, pipelines, secret: Buffer.alloc(24, 1), logger });
  return async (destination, remainingMs = 60_000) => {
    try {
      await deliver(job(destination), { ...attempt, remainingMs: () => remainingMs });
      return undefined;
    } catch (error) {
      return error;
    }
  };
}

test.each([200, 202, 204])('an answer %i is a delivery, in one request', async (status) => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(status).end());
  expect(await delivery(url)()).toBeUndefined();
  expect(requests).toEqual(['POST /hook']);
});

test.each([400, 401, 404, 410, 422])('an answer %i is dead-lettered, in one request', async (status) => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(status).end());
  const error = await delivery(url)();
  expect(error).toBeInstanceOf(DeadLetterError);
  expect(error).toMatchObject({ message: `a answered ${status}` });
  expect(requests).toHaveLength(1);
});

test.each([
  [408, 2],
  [409, 1],
  [500, 2],
  [501, 1],
  [503, 2],
])('an answer %i leaves the job to its backoff, after %i requests', async (status, times) => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(status).end());
  const error = await delivery(url)();
  expect(error).toMatchObject({ name: 'Error', message: `a answered ${status}` });
  expect(requests).toHaveLength(times);
});

test.each([
  [429, '30', 30_000],
  [503, '7', 7000],
  [429, '999999', 3_600_000],
])('an answer %i with Retry-After %s is tried again then, an hour at most', async (status, retryAfter, delayMs) => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(status, { 'Retry-After': retryAfter }).end());
  const error = await delivery(url)();
  expect(error).toBeInstanceOf(RetryLaterError);
  expect(error).toMatchObject({ delayMs, countsAsAttempt: true });
  expect(requests).toHaveLength(1);
});

test('a redirect is not followed', async () => {
  const target = await endpoint((_request, response) => response.end());
  const { url } = await endpoint((_request, response) => response.writeHead(307, { Location: target.url }).end());
  expect(await delivery(url)()).toMatchObject({ name: 'Error', message: 'a answered 307' });
  expect(target.requests).toEqual([]);
});

test('what cannot be reached is named by its cause; then the circuit opens, and waiting for it counts as no attempt', async () => {
  const { url, requests } = await endpoint((request) => request.socket.destroy());
  const deliver = delivery(url);
  expect(await deliver()).toMatchObject({
    name: 'Error',
    message: expect.stringMatching(/^a could not be reached: (UND_ERR_SOCKET|ECONNRESET)$/) as string,
  });
  let refused = (await deliver()) as RetryLaterError;
  // The throttle may be the one that refuses, by chance.
  while (refused.message !== 'a: the circuit is open') refused = (await deliver()) as RetryLaterError;
  expect(refused).toBeInstanceOf(RetryLaterError);
  expect(refused).toMatchObject({ message: 'a: the circuit is open', countsAsAttempt: false });
  expect(refused.delayMs).toBeGreaterThan(0);
  expect(refused.delayMs).toBeLessThanOrEqual(61_001);
  expect(requests).toHaveLength(2);
});

test('a destination that refuses much gets less, and waiting for that counts as no attempt', async () => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(429).end());
  const deliver = delivery(url, { breakerMinimumCalls: 1000 });
  let error = await deliver();
  // By chance, and after the first refusal soon.
  while (!(error instanceof RetryLaterError)) error = await deliver();
  expect(error).toMatchObject({ message: 'a: the dependency refuses too much', countsAsAttempt: false });
  expect(requests.length).toBeGreaterThan(0);
});

test('no more deliveries run at once than allowed; the others come back without having used an attempt', async () => {
  const { promise: healed, resolve: heal } = Promise.withResolvers<void>();
  const { url, requests } = await endpoint((_request, response) => void healed.then(() => response.end()));
  const deliver = delivery(url, { maxConcurrent: 3 });
  const running = Promise.all(Array.from({ length: 3 }, () => deliver()));
  const refused = await Promise.all(Array.from({ length: 5 }, () => deliver()));
  for (const error of refused) {
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toMatchObject({ message: 'a: 3 calls run and 0 wait', countsAsAttempt: false });
  }
  heal();
  expect(await running).toEqual([undefined, undefined, undefined]);
  expect(requests).toHaveLength(3);
});

test('few deliveries of many are tried a second time at once: an outage doubles no load', async () => {
  const { url, requests } = await endpoint((_request, response) => response.writeHead(500).end());
  const deliver = delivery(url, { breakerMinimumCalls: 1000 });
  const errors = await Promise.all(Array.from({ length: 16 }, () => deliver()));
  expect(errors.every((error) => error instanceof Error && !(error instanceof RetryLaterError))).toBe(true);
  expect(requests.length).toBeGreaterThan(16);
  expect(requests.length).toBeLessThanOrEqual(16 + 10);
});

test('a delivery takes no longer than the event has', async () => {
  const { url, requests } = await endpoint(() => {});
  expect(await delivery(url)('a', 100)).toMatchObject({ message: 'a could not be reached: DEADLINE_EXCEEDED' });
  expect(requests).toHaveLength(1);
});

test('an endless answer is cut and counts by its status', async () => {
  const { url } = await endpoint((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384))) continue;
    };
    response.on('drain', more);
    more();
  });
  expect(await delivery(url)()).toBeUndefined();
});

test('a destination that this worker does not know is left for a later attempt', async () => {
  expect(await delivery('http://127.0.0.1:1')('b')).toMatchObject({ name: 'Error', message: 'destination b is not configured here' });
});

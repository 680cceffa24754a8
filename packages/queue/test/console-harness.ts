import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConsumer, createProducer, DeadLetterError, defineQueue, type Backend, type Queue, type StoreFactory } from '@nines/queue';
import { queueConsole, type ConsoleSettings } from '@nines/queue/console';
import { memoryStore, type MemoryStore } from '@nines/queue/testing';

export const orders: Queue<{ card: string }> = defineQueue<{ card: string }>({ name: 'orders' });
export const mails: Queue<string> = defineQueue<string>({ name: 'mails', namespace: 'post' });

/** A server on a free port of this machine that is closed by `await using`. */
export interface Listening {
  readonly origin: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function listen(handler: RequestListener): Promise<Listening> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the console's own page sends when something is to be changed, with what a browser adds. */
export function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const sent = { 'content-type': 'application/json', origin: new URL(url).origin, ...headers };
  return fetch(url, { method: 'POST', headers: sent, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** Status and code of a refusal. */
export async function refusal(response: Response): Promise<readonly [number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

export const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** A console that listens, and the store behind it unless another one is given. */
export interface Opened extends Listening {
  readonly store: MemoryStore;
}

export async function open(settings: ConsoleSettings = {}, given?: StoreFactory): Promise<Opened> {
  const store = memoryStore();
  const handler = queueConsole([orders, mails], { store: given ?? store, ...settings });
  const { origin, [Symbol.asyncDispose]: stop } = await listen(handler);
  return {
    origin,
    store,
    async [Symbol.asyncDispose]() {
      await stop();
      await handler.close();
    },
  };
}

/** Enqueues orders whose payload is secret, and lets a handler refuse them: dead letters. */
export async function bury(
  backend: Backend,
  ids: readonly string[],
  message = 'card refused',
  queue: Queue<{ card: string }> = orders,
): Promise<void> {
  await using producer = createProducer(queue, backend);
  for (const id of ids) await producer.enqueue({ card: '4111-1111' }, { id });
  const left = new Set(ids);
  const done = Promise.withResolvers<void>();
  const reject = ({ id }: { readonly id: string }) => {
    left.delete(id);
    if (left.size === 0) done.resolve();
    throw new DeadLetterError(message);
  };
  const consumer = createConsumer(queue, reject, backend);
  await consumer.start();
  await done.promise;
  await consumer.stop();
}

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What every form of the service is given, so that one test runs them all. */
export interface Setting {
  readonly redisUrl: string;
  /** Name of the queue. */
  readonly name: string;
  /** How long after a sign-up the reminder is due. */
  readonly reminderMs: number;
  readonly mailer: Mailer;
  /** Told of what the queue deals with by itself, such as a lost connection. */
  readonly report: (error: Error) => void;
}

export interface Mail {
  readonly kind: 'welcome' | 'reminder';
  readonly to: string;
}

export interface Mailer {
  /** Whether there is such a mailbox. */
  knows(to: string): boolean;
  send(mail: Mail): Promise<void>;
}

export interface Signup {
  readonly user: string;
  readonly to: string;
}

export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

export type Routes = Readonly<Record<`${'GET' | 'POST'} /${string}`, (body: never) => unknown>>;

/** Answers each request with what its route did: GET with what came back, as JSON; 500 when it failed. */
export async function serve(routes: Routes): Promise<{ readonly url: string; close(): Promise<void> }> {
  const answer = async (request: IncomingMessage): Promise<string> => {
    const route = (routes as Record<string, ((body: unknown) => unknown) | undefined>)[`${request.method} ${request.url}`];
    if (route === undefined) throw new Error(`there is no ${request.method} ${request.url}`);
    const body = await text(request);
    const result = await route(body === '' ? undefined : JSON.parse(body));
    return request.method === 'GET' ? JSON.stringify(result) : '';
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeIdleConnections();
      await once(server, 'close');
    },
  };
}

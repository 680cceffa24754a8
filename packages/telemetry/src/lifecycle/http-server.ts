import type { Lifecycle } from './lifecycle.ts';

/** The part of a server of `node:http` or `node:https` that is used. */
export interface StoppableServer {
  readonly listening: boolean;
  /** Stops listening; `done` is called when the last connection is closed. */
  close(done?: (error?: Error) => void): unknown;
  /** Closes keep-alive connections without a request. */
  closeIdleConnections(): void;
  /** Closes every connection. */
  closeAllConnections(): void;
  /** Sees each request before the application does. */
  prependListener(event: 'request', listener: (request: unknown, response: ClosableResponse) => void): unknown;
}

/** The part of a response that is used. */
export interface ClosableResponse {
  readonly headersSent: boolean;
  /** Sets a header of the response. */
  setHeader(name: string, value: string): unknown;
  /** Calls `listener` when the response is over. */
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Stops an HTTP server with the process: from `unready` on every response says `Connection: close`, so that clients that keep
 * their connections have left before one is closed on them; at `stop-accepting` it closes the listening socket and the
 * connections that are idle, at `drain` it waits for the requests in flight, and at `close` it cuts what is left.
 * Call it before or after `listen`.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createLifecycle, trackServer } from '@nines/telemetry/lifecycle';
 * const lifecycle = createLifecycle();
 * trackServer(lifecycle, createServer());
 * await lifecycle.shutdown();
 * ```
 */
export function trackServer(lifecycle: Lifecycle, server: StoppableServer, name = 'http server'): void {
  let leaving = false;
  let stopping = false;
  const closed = Promise.withResolvers<void>();
  const open = new Set<ClosableResponse>();
  // A keep-alive connection would stay open after its response and hold the server; the client is told to open another elsewhere.
  const last = (response: ClosableResponse): void => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  server.prependListener('request', (_request, response) => {
    open.add(response);
    if (leaving) last(response);
    response.once('close', () => {
      open.delete(response);
      if (stopping) server.closeIdleConnections();
    });
  });
  // A request may be on its way over a connection that looks idle from here: it must not be the server that ends it without notice.
  lifecycle.onShutdown('unready', name, () => {
    leaving = true;
    for (const response of open) last(response);
  });
  lifecycle.onShutdown('stop-accepting', name, () => {
    stopping = true;
    if (!server.listening) return closed.resolve();
    server.close(() => closed.resolve());
    server.closeIdleConnections();
  });
  lifecycle.onShutdown('drain', name, () => closed.promise);
  lifecycle.onShutdown('close', name, () => server.closeAllConnections());
}

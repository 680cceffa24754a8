import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { checkOption, type Clock, objectOption, type OptionCheck, resolveOptions, systemClock, wholeNumber } from '@nines/resilience';
import { seededRandom } from '../testing/random.ts';
import { Connection } from './connection.ts';
import type { LinkHost } from './link.ts';
import { type ResolvedToxic, resolveToxic, type Toxic } from './toxics.ts';

/** Options of {@link createFaultProxy}. */
export interface FaultProxyOptions {
  /** The server that is really meant. */
  readonly upstream: { readonly host: string; readonly port: number };
  /** Where the proxy listens. Default: 127.0.0.1, so that nobody else can use it. */
  readonly host?: string;
  /** Default: 0, any free port. */
  readonly port?: number;
  /** The same seed strikes the same connections, by their order, with the same jitter. Default: 1. */
  readonly seed?: number;
  /** Connections at the same time; further ones are closed at once. Default: 1 000. */
  readonly maxConnections?: number;
  /** Bytes held in one direction of a connection, after which its sender is made to wait; what was read in one go may exceed it. Default: 1 MiB. */
  readonly maxBufferBytes?: number;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
}

/** What a fault proxy counted. */
export interface FaultProxyStats {
  /** Open now. */
  readonly connections: number;
  readonly accepted: number;
  /** Closed at once because there were `maxConnections`. */
  readonly refused: number;
  /** Closed with a reset: by a toxic, or because one side did so. */
  readonly resets: number;
  /** Bytes passed on to the server. */
  readonly upstreamBytes: number;
  /** Bytes passed on to the client. */
  readonly downstreamBytes: number;
  /** Bytes swallowed by a timeout toxic. */
  readonly droppedBytes: number;
  /** Bytes that wait now. */
  readonly heldBytes: number;
}

/** A proxy between clients and one server. */
export interface FaultProxy {
  /** Where it listens. */
  readonly host: string;
  /** Where it listens. */
  readonly port: number;
  /**
   * Puts a toxic on open and on later connections. Returns a function that takes it off. At most 100 at a time.
   *
   * @throws ResilienceError `INVALID_OPTION`
   */
  add(toxic: Toxic): () => void;
  /** Takes all toxics off. */
  clear(): void;
  /** Counts of now. */
  readonly stats: FaultProxyStats;
  /** Closes every connection and stops listening. */
  close(): Promise<void>;
}

type Resolved = Required<FaultProxyOptions>;

const MAX_TOXICS = 100;
const text: OptionCheck = (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= 255 ? undefined : '1 to 255 characters';

class TcpFaultProxy implements FaultProxy {
  readonly #options: Resolved;
  readonly #server: Server;
  readonly #toxics = new Set<ResolvedToxic>();
  readonly #connections = new Set<Connection>();
  readonly #counts = { accepted: 0, refused: 0, resets: 0, upstream: 0, downstream: 0, dropped: 0, held: 0 };
  readonly #linkHost: Omit<LinkHost, 'toxics'>;

  constructor(options: Resolved) {
    this.#options = options;
    const { clock, maxBufferBytes, seed } = options;
    const count: LinkHost['count'] = (what, bytes) => void (this.#counts[what] += bytes);
    this.#linkHost = { clock, maxBufferBytes, random: seededRandom(seed), count };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(this.#options.port, this.#options.host), 'listening');
  }

  get host(): string {
    return this.#options.host;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get stats(): FaultProxyStats {
    const { accepted, refused, resets, upstream, downstream, dropped, held } = this.#counts;
    const bytes = { upstreamBytes: upstream, downstreamBytes: downstream, droppedBytes: dropped, heldBytes: held };
    return { connections: this.#connections.size, accepted, refused, resets, ...bytes };
  }

  add(toxic: Toxic): () => void {
    checkOption('faultProxy', 'number of toxics', this.#toxics.size + 1, wholeNumber(1, MAX_TOXICS));
    const resolved = resolveToxic(toxic);
    this.#toxics.add(resolved);
    for (const connection of this.#connections) connection.add(resolved);
    return () => this.#remove(resolved);
  }

  clear(): void {
    for (const toxic of this.#toxics) this.#remove(toxic);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.close();
    await closed;
  }

  #remove(toxic: ResolvedToxic): void {
    this.#toxics.delete(toxic);
    for (const connection of this.#connections) connection.remove(toxic);
  }

  #accept(client: Socket): void {
    const { maxConnections, upstream } = this.#options;
    if (this.#connections.size >= maxConnections) {
      this.#counts.refused += 1;
      client.on('error', () => {});
      client.destroy();
      return;
    }
    this.#counts.accepted += 1;
    const server = connect({ host: upstream.host, port: upstream.port, allowHalfOpen: true, noDelay: true });
    const connection = new Connection(client, server, this.#linkHost, (ended, reset) => {
      this.#connections.delete(ended);
      if (reset) this.#counts.resets += 1;
    });
    this.#connections.add(connection);
    for (const toxic of this.#toxics) connection.add(toxic);
  }
}

/**
 * A TCP proxy that makes the network bad on purpose: put it between a client and a server and add toxics. In this process,
 * without another program; listens on the loopback interface unless told otherwise. Close it, or it keeps the process alive.
 *
 * @returns once it listens.
 * @throws ResilienceError `INVALID_OPTION`, and what `listen` failed with, such as EADDRINUSE
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createFaultProxy } from '@nines/resilience/chaos';
 *
 * const server = createServer((_request, response) => response.end('stock'));
 * await once(server.listen(0, '127.0.0.1'), 'listening');
 * const proxy = await createFaultProxy({ upstream: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } });
 * proxy.add({ type: 'reset_peer', ms: 0 });
 * console.log(await fetch(`http://127.0.0.1:${proxy.port}/`).catch((error) => error.message)); // fetch failed
 * await proxy.close();
 * server.close();
 * ```
 */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const defaults = { host: '127.0.0.1', port: 0, seed: 1, maxConnections: 1_000, maxBufferBytes: 1_048_576, clock: systemClock };
  const resolved = resolveOptions<Resolved>('createFaultProxy', options, defaults, {
    upstream: objectOption(),
    host: text,
    port: wholeNumber(0, 65_535),
    seed: wholeNumber(0, 4_294_967_295),
    maxConnections: wholeNumber(1, 100_000),
    maxBufferBytes: wholeNumber(1, 1_073_741_824),
    clock: objectOption(),
  });
  checkOption('createFaultProxy', 'upstream.host', resolved.upstream.host, text);
  checkOption('createFaultProxy', 'upstream.port', resolved.upstream.port, wholeNumber(1, 65_535));
  const proxy = new TcpFaultProxy(resolved);
  await proxy.listen();
  return proxy;
}

import type { Socket } from 'node:net';
import { Link, type LinkHost } from './link.ts';
import type { ResolvedToxic } from './toxics.ts';

/** One client, its server, and what is done to them. */
export class Connection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #host: Omit<LinkHost, 'toxics'>;
  readonly #links: readonly Link[];
  /** The toxics that struck, each with what calls off its timer. */
  readonly #toxics = new Map<ResolvedToxic, () => void>();
  readonly #onClose: (connection: Connection, reset: boolean) => void;
  #closed = false;

  /** @param onClose - called once, with true when the connection was reset. */
  constructor(client: Socket, upstream: Socket, host: Omit<LinkHost, 'toxics'>, onClose: (connection: Connection, reset: boolean) => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#host = host;
    const linkHost = { ...host, toxics: () => this.#toxics.keys() };
    this.#links = [new Link(client, upstream, 'upstream', linkHost), new Link(upstream, client, 'downstream', linkHost)];
    this.#onClose = onClose;
    for (const socket of [client, upstream]) {
      socket.on('error', () => this.reset());
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.close();
      });
    }
  }

  /** Puts a toxic on this connection, if chance says so. */
  add(toxic: ResolvedToxic): void {
    if (this.#closed || this.#host.random() >= toxic.rate) return;
    this.#toxics.set(toxic, () => {});
    if (toxic.type === 'down') this.close();
    else if (toxic.type === 'reset_peer') this.#after(toxic, toxic.ms, () => this.reset());
    else if (toxic.type === 'timeout' && toxic.ms > 0) this.#after(toxic, toxic.ms, () => this.close());
    this.#refresh();
  }

  /** Takes a toxic off. Bytes that a timeout swallowed are lost, so its connection cannot go on. */
  remove(toxic: ResolvedToxic): void {
    const cancel = this.#toxics.get(toxic);
    if (cancel === undefined) return;
    cancel();
    this.#toxics.delete(toxic);
    if (toxic.type === 'timeout') this.close();
    this.#refresh();
  }

  /** Closes both sides in the ordinary way. */
  close(): void {
    this.#leave(false, (socket) => socket.destroy());
  }

  /** Closes both sides with a reset, as a crashed peer does. */
  reset(): void {
    this.#leave(true, (socket) => socket.resetAndDestroy());
  }

  #after(toxic: ResolvedToxic, ms: number, run: () => void): void {
    if (ms === 0) run();
    else this.#toxics.set(toxic, this.#host.clock.schedule(run, ms));
  }

  #refresh(): void {
    if (!this.#closed) for (const link of this.#links) link.refresh();
  }

  #leave(reset: boolean, end: (socket: Socket) => void): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#toxics.values()) cancel();
    for (const link of this.#links) link.close();
    for (const socket of [this.#client, this.#upstream]) end(socket);
    this.#onClose(this, reset);
  }
}

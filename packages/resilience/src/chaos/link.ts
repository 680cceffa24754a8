import type { Socket } from 'node:net';
import type { Clock } from '@nines/resilience';
import type { Direction, ResolvedToxic } from './toxics.ts';

/*
 * One direction of a connection:
 *
 *   source ── data ──▶ queue (bounded: the source is paused) ── when due ──▶ sink
 *              │
 *              └─ swallowed while a timeout toxic is on
 *
 * The end of the source waits in the queue like a chunk, so that it never overtakes bytes.
 */

/** What a link asks of its connection. */
export interface LinkHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxBufferBytes: number;
  /** The toxics on this connection now. */
  readonly toxics: () => Iterable<ResolvedToxic>;
  /** Counts bytes. */
  readonly count: (what: 'held' | 'dropped' | Direction, bytes: number) => void;
}

interface Item {
  bytes: Buffer | 'end';
  dueAt: number;
}

/** Bytes on their way in one direction. */
export class Link {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #direction: Direction;
  readonly #host: LinkHost;
  readonly #queue: Item[] = [];
  #held = 0;
  #paidBytes = 0;
  #draining = false;
  #cancel: (() => void) | undefined;

  constructor(source: Socket, sink: Socket, direction: Direction, host: LinkHost) {
    this.#source = source;
    this.#sink = sink;
    this.#direction = direction;
    this.#host = host;
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => this.#take('end'));
    sink.on('drain', () => {
      this.#draining = false;
      this.#pump();
    });
  }

  /** The toxics changed: what waits is looked at anew. */
  refresh(): void {
    this.#stopTimer();
    this.#paidBytes = 0;
    if (this.#toxic('latency') === undefined) for (const item of this.#queue) item.dueAt = 0;
    this.#pump();
  }

  /** Lets go of what waits. */
  close(): void {
    this.#stopTimer();
    this.#hold(-this.#held);
    this.#queue.length = 0;
  }

  #take(bytes: Buffer | 'end'): void {
    if (this.#toxic('timeout') !== undefined) {
      if (bytes !== 'end') this.#host.count('dropped', bytes.length);
      return;
    }
    const latency = this.#toxic('latency');
    const delayMs = latency === undefined ? 0 : latency.ms + latency.jitterMs * this.#host.random();
    // The queue keeps the order: an item never leaves before those in front of it, whatever jitter says.
    this.#queue.push({ bytes, dueAt: delayMs === 0 ? 0 : this.#host.clock.now() + delayMs });
    if (bytes !== 'end') this.#hold(bytes.length);
    this.#pump();
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#host.count('held', bytes);
    if (this.#held >= this.#host.maxBufferBytes) this.#source.pause();
    else if (this.#source.isPaused()) this.#source.resume();
  }

  #pump(): void {
    while (this.#cancel === undefined && !this.#draining) {
      const item = this.#queue[0];
      if (item === undefined) return;
      const earlyMs = item.dueAt === 0 ? 0 : item.dueAt - this.#host.clock.now();
      if (earlyMs > 0) this.#wait(earlyMs);
      else this.#send(item);
    }
  }

  #send(item: Item): void {
    if (item.bytes === 'end') {
      this.#queue.shift();
      this.#sink.end();
      return;
    }
    const bandwidth = this.#toxic('bandwidth');
    if (bandwidth === undefined) {
      this.#write(item.bytes);
      return;
    }
    const { bytesPerSecond } = bandwidth;
    if (this.#paidBytes === 0) {
      this.#paidBytes = Math.min(item.bytes.length, Math.ceil(bytesPerSecond / 10));
      this.#wait((this.#paidBytes / bytesPerSecond) * 1_000);
      return;
    }
    const piece = item.bytes.subarray(0, this.#paidBytes);
    const rest = item.bytes.subarray(this.#paidBytes);
    this.#paidBytes = 0;
    item.bytes = rest;
    this.#write(piece);
  }

  /** Writes bytes of the first item; it leaves the queue with its last byte. */
  #write(bytes: Buffer): void {
    const first = this.#queue[0];
    if (first === undefined || first.bytes === bytes || first.bytes.length === 0) this.#queue.shift();
    this.#hold(-bytes.length);
    this.#host.count(this.#direction, bytes.length);
    if (this.#sink.writable) this.#draining = !this.#sink.write(bytes);
  }

  #wait(ms: number): void {
    this.#cancel = this.#host.clock.schedule(() => {
      this.#cancel = undefined;
      this.#pump();
    }, ms);
  }

  #stopTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The toxic of this type that is on for this direction; of several the last added. */
  #toxic<T extends ResolvedToxic['type']>(type: T): Extract<ResolvedToxic, { readonly type: T }> | undefined {
    let found: ResolvedToxic | undefined;
    for (const toxic of this.#host.toxics()) {
      if (toxic.type === type && (!('direction' in toxic) || toxic.direction === this.#direction)) found = toxic;
    }
    return found as Extract<ResolvedToxic, { readonly type: T }> | undefined;
  }
}

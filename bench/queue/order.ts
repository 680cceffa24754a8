import type { PeerName, Tracing } from './peer.ts';

export type Action = 'fill' | 'bulk' | 'enqueue' | 'pace' | 'consume' | 'hold' | 'idle';

/** What a measured process is to do. */
export interface Order {
  readonly peer: PeerName;
  readonly action: Action;
  readonly url: string;
  readonly queue: string;
  /** Jobs to send, handle or hold; queues for `idle`. */
  readonly jobs: number;
  /** Slots of a worker, or calls in flight of a sender. */
  readonly concurrency: number;
  /** Characters of the payload's text. */
  readonly bytes: number;
  /** How long a handler waits: nothing, 5 ms, or 1 to 50 ms. */
  readonly handler: 'none' | '5 ms' | '1–50 ms';
  /** Jobs a second of `pace`. */
  readonly perSecond: number;
  readonly tracing: Tracing;
  /** Whether a worker prints a line when a handler starts and ends. */
  readonly log: boolean;
}

/** What a process measured between its warm-up and its last job. */
export interface Report {
  readonly startUs: number;
  readonly endUs: number;
  readonly jobs: number;
  /** Processor time of the process, in microseconds. */
  readonly cpuUs: number;
  /** Milliseconds from enqueue to handler, of the jobs that say when they were sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

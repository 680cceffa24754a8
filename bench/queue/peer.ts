/** What every measured queue can do; each peer does it the way its own documentation recommends. */
export interface Peer {
  /** Enqueues one job and waits for the answer. */
  enqueue(payload: Payload): Promise<unknown>;
  /** Enqueues many jobs by the peer's call for many, where it has one. */
  enqueueMany(payloads: readonly Payload[]): Promise<unknown>;
  /** Runs jobs until it is closed; resolves when it listens. */
  work(handler: Handler, concurrency: number): Promise<void>;
  close(): Promise<void>;
}

export type Handler = (payload: Payload) => Promise<void>;

export interface Payload {
  readonly n: number;
  /** When it was enqueued, in microseconds of the machine's monotonic clock; 0 where nobody asks. */
  readonly sentUs: number;
  readonly text: string;
}

export type PeerName = 'nines' | 'bullmq' | 'bee-queue' | 'groupmq';

/** `none`; spans of every job; spans and the peer's metrics; a sampler that takes none. */
export type Tracing = 'none' | 'traced' | 'traced and metrics' | 'unsampled';

export interface PeerOptions {
  readonly url: string;
  readonly queue: string;
  readonly tracing: Tracing;
}

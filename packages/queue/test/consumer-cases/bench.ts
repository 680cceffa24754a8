import type {
  Backend,
  BatchConsumerSettings,
  BatchHandler,
  Consumer,
  Handler,
  Inspector,
  Producer,
  Queue,
  QueueOptions,
} from '@nines/queue';

let serial = 0;
export const uniqueName: () => string = () => `consumer-${process.pid}-${(serial += 1)}`;

export interface Bench<Payload> {
  readonly queue: Queue<Payload>;
  readonly backend: Backend;
  readonly producer: Producer<Payload>;
  readonly inspector: Inspector<Payload>;
  readonly consume: (handler: Handler<Payload>, concurrency?: number) => Promise<Consumer>;
  readonly consumeBatches: (handler: BatchHandler<Payload>, settings: BatchConsumerSettings) => Promise<Consumer>;
}

export type MakeBench = <Payload = string>(options?: Partial<QueueOptions>, queue?: Queue<Payload>) => Bench<Payload>;

/** A handler that remembers what it was called with; `all` resolves at the call number `count`. */
export interface Calls<Payload> {
  readonly handler: Handler<Payload>;
  readonly seen: readonly Call<Payload>[];
  readonly all: Promise<readonly Call<Payload>[]>;
}

interface Call<Payload> {
  readonly payload: Payload;
  readonly attempt: number;
  readonly id: string;
}

export function calls<Payload>(count: number, act: Handler<Payload> = () => {}): Calls<Payload> {
  const seen: Call<Payload>[] = [];
  const all = Promise.withResolvers<readonly Call<Payload>[]>();
  const handler: Handler<Payload> = (job, context) => {
    seen.push({ payload: job.payload, attempt: context.attempt, id: job.id });
    if (seen.length === count) all.resolve(seen);
    return act(job, context);
  };
  return { handler, seen, all: all.promise };
}

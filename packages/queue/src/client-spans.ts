import type { Clock } from './clock.ts';
import { decodeEnvelope, type CarriedContext } from './envelope.ts';
import { isQueueError } from './errors.ts';
import type { ResolvedQueueOptions } from './options.ts';
import type { ClaimedJob, ExchangeReply, Store } from './store.ts';
import { recordCall } from './tracing.ts';

/** A store whose exchanges are recorded as `receive` and `settle` spans: one for each call that received or settled jobs. */
export function withClientSpans(store: Store, { name, partition }: ResolvedQueueOptions, clock: Clock): Store {
  const destination = { queue: name, partition, server: store.server };
  /** What the jobs carried that are held now: as many as a consumer holds at most. */
  const creations = new Map<string, CarriedContext>();

  const received = (reply: ExchangeReply) => {
    if (reply.holder === 'expired') creations.clear();
    for (const job of reply.jobs) creations.set(job.id, carriedBy(job));
  };
  return {
    ...store,
    async exchange(request) {
      const startedAtMs = clock.wallMs();
      const settled = request.settlements.map(({ id }) => creations.get(id));
      const record = (operation: 'receive' | 'settle', jobs: readonly (CarriedContext | undefined)[], errorType: string | undefined) => {
        if (jobs.length === 0 && errorType === undefined) return;
        recordCall(destination, { operation, startedAtMs, endedAtMs: clock.wallMs(), jobs: jobs.length, creations: jobs, errorType });
      };
      try {
        const reply = await store.exchange(request);
        for (const { id } of request.settlements) creations.delete(id);
        received(reply);
        record('settle', settled, undefined);
        record(
          'receive',
          reply.jobs.map(({ id }) => creations.get(id)),
          undefined,
        );
        return reply;
      } catch (error) {
        record(settled.length > 0 ? 'settle' : 'receive', settled, isQueueError(error) ? error.code : 'unknown');
        throw error;
      }
    },
    async reconcile(token, ids) {
      const reply = await store.reconcile(token, ids);
      if (reply.expired) creations.clear();
      for (const id of reply.lostIds) creations.delete(id);
      return reply;
    },
  };
}

function carriedBy({ stored }: ClaimedJob): CarriedContext {
  try {
    if (stored === undefined) return {};
    const { trace, state } = decodeEnvelope(stored);
    return { trace, state };
  } catch {
    return {};
  }
}

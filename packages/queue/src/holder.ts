import { context } from '@opentelemetry/api';
import { newId } from './id.ts';
import type { Clock } from './clock.ts';
import type { ExchangeReply, ExchangeRequest, Settlement, Store } from './store.ts';
import { untraced } from './tracing.ts';

/** One incarnation of a consumer towards the store: a token, and the lease on all that is held under it. */
export interface Holder {
  /** Settles and claims; an expired reply means that everything held was given away, and the next call uses a new token. */
  exchange(settlements: readonly Settlement[], ask: Pick<ExchangeRequest, 'slots' | 'want' | 'wantSuspect'>): Promise<ExchangeReply>;
  /** Where it is in doubt what is held: what is and not in `ids` goes back; resolves to those of `ids` that are not held. */
  reconcile(ids: readonly string[]): Promise<{ readonly expired: boolean; readonly lostIds: readonly string[] }>;
}

export function createHolder(store: Store, clock: Clock): Holder {
  let token = newId(clock.wallMs());
  let known = false;
  const renew = (expired: boolean) => {
    if (expired) token = newId(clock.wallMs());
    known = !expired;
  };
  return {
    async exchange(settlements, ask) {
      const reply = await context.with(untraced, () => store.exchange({ token, known, settlements, ...ask }));
      renew(reply.holder === 'expired');
      if (reply.holder === 'idle') known = false;
      return reply;
    },
    async reconcile(ids) {
      const reply = await context.with(untraced, () => store.reconcile(token, ids));
      renew(reply.expired);
      // Of those that it holds none is left: it is not listed any more.
      if (reply.lostIds.length === new Set(ids).size) known = false;
      return reply;
    },
  };
}

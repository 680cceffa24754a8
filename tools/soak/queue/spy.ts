import type { ExchangeReply, ExchangeRequest, Store } from '@nines/queue';
import type { HistoryWriter } from './history.ts';

/** Writes down what a store was asked and what it answered, before anybody acts on the answer. Ids of jobs are their numbers. */
export function spied(store: Store, history: HistoryWriter): Store {
  const holders = new Map<string, number>();
  const holderOf = (token: string) => {
    const known = holders.get(token) ?? holders.size;
    holders.set(token, known);
    return known;
  };
  return {
    ...store,
    async exchange(request) {
      const reply = await store.exchange(request);
      record(history, holderOf(request.token), request, reply);
      return reply;
    },
  };
}

function record(history: HistoryWriter, holder: number, { settlements }: ExchangeRequest, reply: ExchangeReply): void {
  const lost = new Set(reply.lostIds);
  const ids = settlements.map(({ id }) => id);
  if (reply.holder === 'expired') {
    history.write('expired', [0], reply.nowMs, holder);
    history.write('lost', ids.map(Number), reply.nowMs, holder);
    return;
  }
  history.write('settled', ids.filter((id) => !lost.has(id)).map(Number), reply.nowMs, holder);
  history.write('lost', [...lost].map(Number), reply.nowMs, holder);
  history.write(
    'claimed',
    reply.jobs.map(({ id }) => Number(id)),
    reply.nowMs,
    holder,
  );
}

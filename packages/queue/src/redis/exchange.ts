import type { ResolvedQueueOptions } from '../options.ts';
import type { ExchangeReply, ExchangeRequest } from '../store.ts';
import { commitArguments, exchangeArguments, isCommit } from './arguments.ts';
import { exchangeReply, text, type RawCommit, type RawExchange } from './replies.ts';
import type { RunScript } from './script.ts';
import { commit, exchange } from './scripts.gen.ts';

interface ExchangeOptions {
  readonly queue: ResolvedQueueOptions;
  readonly run: RunScript;
  readonly offsetMs: () => number;
}

/**
 * Makes the verb that settles and claims: one call, and one more where there are commits. Those are carried out, or refused,
 * before anything is claimed, so that an error of theirs leaves no claimed job behind that nobody runs.
 */
export function createExchange({ queue, run, offsetMs }: ExchangeOptions): (request: ExchangeRequest) => Promise<ExchangeReply> {
  const settleAndClaim = async (request: ExchangeRequest) =>
    exchangeReply((await run(exchange, exchangeArguments(queue, offsetMs(), request))) as RawExchange);

  return async (request) => {
    const { settlements, token } = request;
    if (!settlements.some(isCommit)) return settleAndClaim(request);
    const commits = commitArguments(queue, offsetMs(), token, settlements.filter(isCommit));
    const [, lost, refused] = (await run(commit, commits)) as RawCommit;
    const reply = await settleAndClaim(request);
    return { ...reply, lostIds: [...lost.map(text), ...reply.lostIds], refusedIds: refused.map(text) };
  };
}

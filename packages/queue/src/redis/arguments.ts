import type { ResolvedQueueOptions } from '../options.ts';
import { REFUSED_DELAY_MS, type ExchangeRequest, type Settlement } from '../store.ts';
import { keyPrefix } from './keys.ts';
import { messagePack } from './message-pack.ts';
import { packMore } from './packed.ts';
import type { Argument } from './script.ts';

/** One exchange, in the order of the ARGV line of exchange.lua; ids that are acknowledged travel as one JSON list. */
export function exchangeArguments(queue: ResolvedQueueOptions, offsetMs: number, request: ExchangeRequest): Argument[] {
  const acks: string[] = [];
  const clears: string[] = [];
  const done: Done[] = [];
  const rows: Argument[] = [];
  for (const settlement of request.settlements) {
    if (settlement.verb === 'commit') continue;
    if (settlement.verb !== 'ack') rows.push(...settlementRow(settlement));
    else {
      acks.push(settlement.id);
      if (settlement.result !== undefined) done.push(settlement);
      if (settlement.failedBefore) clears.push(settlement.id);
    }
  }
  const { completed, dead } = queue;
  // In the order of the ARGV line of exchange.lua, one line of it each; not one line a value.
  const lease = [offsetMs, request.token, request.known ? 1 : 0, queue.leaseMs, queue.maxLeaseLosses];
  const claim = [request.want, request.wantSuspect ? 1 : 0];
  const bounds = [completed.count, completed.ageMs, dead.count, dead.ageMs];
  const side = sideArgument(queue, done, request.progress);
  const limits = [request.slots ?? request.want, limitsOf(queue)];
  return [...lease, ...claim, ...bounds, JSON.stringify(acks), JSON.stringify(clears), ...limits, side, ...rows];
}

/** Nothing, where the queue has no limits: most have none. */
function limitsOf({ rateLimit, globalConcurrency }: ResolvedQueueOptions): string {
  if (rateLimit === undefined && globalConcurrency === undefined) return '';
  return JSON.stringify([rateLimit?.count ?? 0, rateLimit?.perMs ?? 0, globalConcurrency ?? 0]);
}

type Done = Extract<Settlement, { verb: 'ack' | 'commit' }>;

/** What side.lua reads: nothing, where the queue keeps no results, nobody listens and no job has told how far it is. */
export function sideArgument(
  { results, events }: ResolvedQueueOptions,
  done: readonly Done[] = [],
  progress: ReadonlyMap<string, string> = NO_PROGRESS,
): Buffer | string {
  if (results.count === 0 && !events && progress.size === 0) return '';
  const returned = results.count === 0 ? [] : done.flatMap(({ id, result }) => (result === undefined ? [] : [id, result]));
  return messagePack({
    ...(results.count === 0 ? {} : { n: results.count, a: results.ageMs }),
    ...(results.count > 0 || events ? { e: 1 } : {}),
    ...(returned.length === 0 ? {} : { r: returned }),
    ...(progress.size === 0 ? {} : { p: [...progress].flat() }),
  });
}

const NO_PROGRESS: ReadonlyMap<string, string> = new Map();

export type Commit = Extract<Settlement, { verb: 'commit' }>;

export function isCommit(settlement: Settlement): settlement is Commit {
  return settlement.verb === 'commit';
}

/** The commits of an exchange, in the order of the ARGV line of commit.lua. */
export function commitArguments(queue: ResolvedQueueOptions, offsetMs: number, token: string, commits: readonly Commit[]): Argument[] {
  const { completed } = queue;
  const rows = commits.flatMap(({ id, failedBefore, followUps }): Argument[] => [
    id,
    failedBefore ? 1 : 0,
    followUps.length,
    ...followUps.flatMap(({ queue: target, job }) => [
      keyPrefix(target),
      target.maxWaiting,
      job.id,
      job.delayMs,
      packMore(job) ?? '',
      job.envelope,
    ]),
  ]);
  return [offsetMs, token, completed.count, completed.ageMs, REFUSED_DELAY_MS, sideArgument(queue, commits), ...rows];
}

function settlementRow(settlement: Exclude<Settlement, { verb: 'ack' | 'commit' }>): [string, string, number, string] {
  if (settlement.verb === 'retry') return [settlement.id, 'retry', settlement.delayMs, settlement.record];
  if (settlement.verb === 'dead') return [settlement.id, 'dead', 0, settlement.record];
  if (settlement.verb === 'cancel') return [settlement.id, 'cancel', 0, ''];
  return [settlement.id, settlement.suspect ? 'release-suspect' : 'release', 0, ''];
}

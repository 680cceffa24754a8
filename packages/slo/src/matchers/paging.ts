import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { spell } from '../report/moment.ts';
import { show } from '../show.ts';
import type { Firing } from '../simulate/evaluate.ts';
import type { Outage } from '../simulate/outage.ts';
import { simulate } from '../simulate/simulate.ts';

/** What can page: one outage, several, or what `simulate` or `backtest` found. */
export type Pageable = Outage | readonly Outage[] | { readonly firings: readonly Firing[]; readonly outages?: readonly Outage[] };

/** What was found, and a sentence about it. */
export interface PagingFinding {
  readonly holds: boolean;
  readonly message: string;
}

/** Whether the first page comes soon enough after the first outage begins. */
export function pagesWithin(subject: Pageable, slo: Slo, within: Duration): PagingFinding {
  const limit = readDuration('within', within);
  const { firings, start } = play(subject, slo);
  if (start === undefined) {
    throw new SloError('INVALID_OPTION', 'toPageWithin needs outages: it counts from the start of the first one');
  }
  const page = firings.find(({ severity, firedSeconds }) => severity === 'page' && firedSeconds >= start);
  const who = `${slo.service} ${slo.name}`;
  if (page === undefined) return { holds: false, message: `${who}: nothing pages; expected a page within ${within}` };
  const after = page.firedSeconds - start;
  return { holds: after <= limit, message: `${who}: ${page.alert} fires after ${spell(after)}; the limit is ${within}` };
}

/** Whether nothing pages at all. */
export function pagesNever(subject: Pageable, slo: Slo): PagingFinding {
  const pages = play(subject, slo).firings.filter(({ severity }) => severity === 'page');
  const who = `${slo.service} ${slo.name}`;
  const [first] = pages;
  if (first === undefined) return { holds: true, message: `${who}: nothing pages` };
  return { holds: false, message: `${who}: ${first.alert} fires at ${spell(first.firedSeconds)}, ${pages.length} pages in all` };
}

function play(subject: Pageable, slo: Slo): { readonly firings: readonly Firing[]; readonly start: number | undefined } {
  if (typeof subject !== 'object' || subject === null) throw notPageable(subject);
  if ('firings' in subject) return { firings: subject.firings, start: earliest(subject.outages ?? []) };
  const outages = 'shape' in subject ? [subject] : subject;
  if (!Array.isArray(outages) || outages.some((one) => one?.shape === undefined)) throw notPageable(subject);
  const end = Math.max(0, ...outages.map(({ startSeconds, seconds }) => startSeconds + seconds));
  // A day after the end every alert that pages has come or will not come; what happens later is no part of the question.
  const { firings } = simulate(slo, { outages, over: `${end + 86_400}s` });
  return { firings, start: earliest(outages) };
}

function earliest(outages: readonly Outage[]): number | undefined {
  return outages.length === 0 ? undefined : Math.min(...outages.map(({ startSeconds }) => startSeconds));
}

function notPageable(subject: unknown): SloError {
  return new SloError(
    'INVALID_OPTION',
    `expected an outage, a list of outages, or what simulate or backtest returned, got ${show(subject)}`,
  );
}

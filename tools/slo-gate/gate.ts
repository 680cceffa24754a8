import { setTimeout as delay } from 'node:timers/promises';
import { defineSlo, rolling, type Slo } from '@nines/slo';
import { fetchEvents, type PrometheusSource } from '@nines/slo/backtest';
import { sloReport, type SloReport } from '@nines/slo/report';

/** How a release is watched. */
export interface Watch {
  readonly source: PrometheusSource;
  readonly objectives: readonly Slo[];
  readonly watchMs: number;
  readonly everyMs: number;
  /** Above this the release burns: 14.4 is what the fastest of the alerts pages at. */
  readonly burnRate: number;
  /** Fewer bad events are chance: one of twenty would be fifty times too many. */
  readonly leastBad: number;
  readonly say: (line: string) => void;
}

export type Gate = 'fine' | 'burns' | 'cannot tell';

/**
 * Asks again and again how fast each objective burned since the watch began, until one burns or the time is over.
 * What burned before the release does not count: a release that mends it must get through. No event at all is fine, because nothing was refused.
 */
export async function watchRelease(watch: Watch): Promise<Gate> {
  const started = performance.now();
  let answered = false;
  for (;;) {
    const passedMs = performance.now() - started;
    const last = passedMs >= watch.watchMs;
    try {
      const reports = await reportsOver(watch, Math.max(passedMs, 4 * watch.everyMs));
      answered = true;
      const burning = reports.filter(({ burnRate, events }) => burnRate > watch.burnRate && events.bad >= watch.leastBad);
      if (last || burning.length > 0) for (const report of reports) watch.say(lineOf(report));
      if (burning.length > 0) return 'burns';
    } catch (error) {
      watch.say(error instanceof Error ? error.message : String(error));
    }
    if (last) return answered ? 'fine' : 'cannot tell';
    await delay(Math.min(watch.everyMs, watch.watchMs - passedMs));
  }
}

async function reportsOver({ source, objectives }: Watch, windowMs: number): Promise<SloReport[]> {
  const window = rolling(`${Math.ceil(windowMs / 1_000)}s`);
  return Promise.all(
    objectives.map(async (slo) => {
      const short = defineSlo({
        name: slo.name,
        service: slo.service,
        objective: slo.objective,
        window,
        ...(slo.sli === undefined ? {} : { sli: slo.sli }),
      });
      const { atMs, events } = await fetchEvents(short, source);
      return sloReport(short, { atMs, events });
    }),
  );
}

function lineOf({ service, name, events, burnRate }: SloReport): string {
  return events.total === 0
    ? `${service} ${name}: no event`
    : `${service} ${name}: ${events.bad} of ${events.total} bad, burn rate ${burnRate.toFixed(1)}`;
}

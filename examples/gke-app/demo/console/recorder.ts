import type { Slo } from '@nines/slo';
import type { ChaosSwitch } from '../chaos-switch.ts';
import type { Happenings } from './happenings.ts';
import { viewsOfCounters, viewsOfPrometheus } from './objective-views.ts';
import type { PrometheusAnswer } from './prometheus-source.ts';
import type { Board, Percentiles, Point, ProcessView, SwitchView } from './protocol.ts';
import { increase, percentilesOf, type Tally } from './tally.ts';
import type { QueueAnswer } from './watched-queue.ts';

/** How far back the chart goes. */
export const HISTORY_MS = 180_000;
/** Percentiles and the burn rate of the counters are of this long. */
const MINUTE_MS = 60_000;
/** Rates are of this long: shorter ones jump with the moment of the scrape. */
const RATE_MS = 4000;
/** For the chart, percentiles of this long. */
const LATELY_MS = 10_000;

/** What one look at the system brought. */
export interface Look {
  readonly atMs: number;
  readonly processes: readonly ProcessView[];
  /** Undefined when Redis did not answer. */
  readonly queue: QueueAnswer | undefined;
  readonly tally: Tally;
  readonly prometheus: PrometheusAnswer | 'absent' | 'silent';
}

export interface RecorderParts {
  readonly objectives: readonly Slo[];
  readonly switches: readonly ChaosSwitch[];
  readonly happenings: Happenings;
  /** How long events took from the 202 until they were delivered. */
  readonly whole: (sinceMs: number) => Percentiles;
}

interface Counted {
  readonly atMs: number;
  readonly tally: Tally;
}

/** Keeps the last three minutes, and makes of each look what the page shows. */
export class Recorder {
  readonly #parts: RecorderParts;
  #history: readonly Point[] = [];
  #counted: readonly Counted[] = [];

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  get history(): readonly Point[] {
    return this.#history;
  }

  record(look: Look): Board {
    const { atMs, tally, processes, queue, prometheus } = look;
    const { happenings, objectives } = this.#parts;
    this.#counted = [...this.#counted.filter((one) => atMs - one.atMs <= MINUTE_MS), { atMs, tally }];
    const minute = this.#since(look, MINUTE_MS);
    const switches = switchViews(this.#parts.switches);
    const answer = typeof prometheus === 'string' ? undefined : prometheus;
    happenings.compare({ atMs, redis: queue !== undefined, processes, alerts: answer?.alerts, switches });
    const point = this.#pointOf(look, switches);
    this.#history = [...this.#history.filter((one) => atMs - one.atMs <= HISTORY_MS), point];
    return {
      point,
      queue: queue?.figures,
      accept: percentilesOf(minute, 'accept'),
      wait: percentilesOf(minute, 'wait'),
      attempt: percentilesOf(minute, 'attempt'),
      whole: this.#parts.whole(atMs - MINUTE_MS),
      processes,
      objectives: answer === undefined ? viewsOfCounters(objectives, tally, minute) : viewsOfPrometheus(objectives, answer),
      source: prometheus === 'absent' ? 'counters' : prometheus === 'silent' ? 'silent' : 'prometheus',
      alerts: answer?.alerts ?? [],
      deadLetters: queue?.deadLetters ?? [],
      switches,
      happenings: happenings.latest,
    };
  }

  #pointOf(look: Look, switches: readonly SwitchView[]): Point {
    const { atMs, queue, processes, prometheus } = look;
    const alerts = typeof prometheus === 'string' ? [] : prometheus.alerts;
    const attempt = percentilesOf(this.#since(look, LATELY_MS), 'attempt');
    return {
      atMs,
      ...this.#rates(look),
      waiting: queue?.figures.waiting,
      delayed: queue?.figures.delayed,
      active: queue?.figures.active,
      attemptP50: attempt.p50,
      attemptP99: attempt.p99,
      breakers: lanesOf(processes),
      broken: switches.filter(({ on }) => on).map(({ id }) => id),
      firing: [...new Set(alerts.filter(({ state }) => state === 'firing').map(({ name }) => name))],
    };
  }

  #rates(look: Look): Pick<Point, 'in' | 'refused' | 'out' | 'failed'> {
    const before = this.#before(look.atMs - RATE_MS);
    if (before === undefined) return {};
    const grown = increase(look.tally, before.tally);
    const rate = (name: string) => ((grown.get(name) ?? 0) * 1000) / (look.atMs - before.atMs);
    return { in: rate('in'), refused: rate('refused'), out: rate('out'), failed: rate('failed') };
  }

  #since({ atMs, tally }: Look, agoMs: number): Tally {
    return increase(tally, this.#before(atMs - agoMs)?.tally ?? tally);
  }

  /** The last count at or before this moment, else the first after it; undefined when nothing was counted before now. */
  #before(atMs: number): Counted | undefined {
    const earlier = this.#counted.slice(0, -1);
    return earlier.findLast((one) => one.atMs <= atMs) ?? earlier[0];
  }
}

export function switchViews(switches: readonly ChaosSwitch[]): SwitchView[] {
  return switches.map((one) => ({ id: one.id, title: one.title, expect: one.expect, kind: one.kind, on: one.on() }));
}

function lanesOf(processes: readonly ProcessView[]): Point['breakers'] {
  return Object.fromEntries(
    processes.flatMap(({ name, pid, breakers }) =>
      breakers.map(({ destination, state }) => [`${name} ${pid} → ${destination}`, state] as const),
    ),
  );
}

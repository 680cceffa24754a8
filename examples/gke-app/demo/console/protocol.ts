/** What the console's server and its page say to each other. No imports: both sides are compiled apart. */

export type BreakerState = 'closed' | 'half-open' | 'open' | 'isolated';

/** Quantiles of a duration, in seconds; undefined where nothing was measured in the window. */
export interface Percentiles {
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
  /** Below this the histogram cannot tell. */
  readonly floor: number;
  /** Above this the histogram cannot tell. */
  readonly ceiling: number;
}

/** Figures of one moment, for the chart. */
export interface Point {
  readonly atMs: number;
  /** Undefined where it was not measured. Rates are per second, over the last few seconds. */
  readonly in?: number | undefined;
  readonly refused?: number | undefined;
  readonly out?: number | undefined;
  readonly failed?: number | undefined;
  readonly waiting?: number | undefined;
  readonly delayed?: number | undefined;
  readonly active?: number | undefined;
  readonly attemptP50?: number | undefined;
  readonly attemptP99?: number | undefined;
  /** By lane: `worker 4711 · receiver`. */
  readonly breakers: Readonly<Record<string, BreakerState>>;
  /** The switches that were on. */
  readonly broken: readonly string[];
  /** The alerts that fired, by name. */
  readonly firing: readonly string[];
}

export interface QueueFigures {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly dead: number;
  readonly oldestAgeMs: number;
  readonly paused: boolean;
}

export interface ProcessView {
  readonly name: string;
  readonly pid: number;
  /** Whether its /metrics answered. */
  readonly up: boolean;
  readonly memoryBytes?: number | undefined;
  /** Busy share of its event loop. */
  readonly busy?: number | undefined;
  readonly breakers: readonly { readonly destination: string; readonly state: BreakerState }[];
}

export interface ObjectiveView {
  readonly name: string;
  readonly service: string;
  readonly objective: string;
  readonly description: string;
  /** Over what the budget is judged: `30d`, or `since start`. */
  readonly window: string;
  /** Share of the error budget that is left, at most 1; negative when it is overspent; undefined without events. */
  readonly remaining?: number | undefined;
  readonly burn?: number | undefined;
  /** Over what the burn rate is measured: `5m`. */
  readonly burnWindow: string;
  /** The same over the long window of the quickest alert; an alert needs both. */
  readonly burnLong?: number | undefined;
  readonly burnLongWindow?: string | undefined;
  /** The burn rate above which somebody is paged. */
  readonly pageFactor?: number | undefined;
}

export interface AlertView {
  readonly name: string;
  readonly severity: string;
  /** Its place among the alerts of its objective. */
  readonly tier: string;
  readonly summary: string;
  readonly state: 'firing' | 'pending';
  readonly sinceMs: number;
}

export interface DeadLetterView {
  readonly id: string;
  readonly destination: string;
  readonly reason: string;
  readonly error: string;
  readonly attempts: number;
  readonly sinceMs?: number | undefined;
  readonly traceId?: string | undefined;
}

export interface SwitchView {
  readonly id: string;
  readonly title: string;
  readonly expect: string;
  readonly kind: 'switch' | 'pulse';
  readonly on: boolean;
}

/** Something that happened, for the log and as a mark on the chart. */
export interface Happening {
  readonly number: number;
  readonly atMs: number;
  readonly kind: 'switch' | 'alert' | 'breaker' | 'process' | 'redrive' | 'redis';
  /** Whether it is a turn for the worse. */
  readonly bad: boolean;
  readonly text: string;
}

/** All that the page shows and that changes by itself. */
export interface Board {
  readonly point: Point;
  readonly queue?: QueueFigures | undefined;
  readonly accept: Percentiles;
  readonly wait: Percentiles;
  readonly attempt: Percentiles;
  /** From the 202 until it is delivered, of the traces that are kept. */
  readonly whole: Percentiles;
  readonly processes: readonly ProcessView[];
  readonly objectives: readonly ObjectiveView[];
  /** Where budgets and alerts come from; `silent`: Prometheus was handed in and does not answer. */
  readonly source: 'prometheus' | 'counters' | 'silent';
  readonly alerts: readonly AlertView[];
  readonly deadLetters: readonly DeadLetterView[];
  readonly switches: readonly SwitchView[];
  readonly happenings: readonly Happening[];
}

/** The first message of the stream: what was seen before. */
export interface Greeting {
  readonly history: readonly Point[];
  /** How far back the chart goes. */
  readonly spanMs: number;
  /** What to know of the objectives, such as that their clock is compressed; empty where there is nothing. */
  readonly objectivesNote: string;
  /** The same of the traces. */
  readonly tracesNote: string;
}

export type TraceFilter = 'newest' | 'troubled' | 'slowest';

export interface TraceLine {
  readonly traceId: string;
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly spans: number;
  readonly attempts: number;
  /** `recovered`: something failed on the way, and the last attempt did not. */
  readonly outcome: 'fine' | 'recovered' | 'failed';
}

/** One span of a waterfall. */
export interface SpanRow {
  readonly spanId: string;
  readonly name: string;
  readonly service: string;
  readonly depth: number;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  /** Which attempt of the job it is: 2 and more are retries. */
  readonly attempt?: number | undefined;
  /** How long the event lay in the queue before this attempt. */
  readonly waitedMs?: number | undefined;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Other traces that it is linked to, such as the one of a redrive. */
  readonly links: readonly string[];
}

export interface TraceView extends TraceLine {
  readonly rows: readonly SpanRow[];
  /** Spans that are not shown, because there are too many. */
  readonly left: number;
}

/** The body of every refusal. */
export interface Refusal {
  readonly error: string;
}

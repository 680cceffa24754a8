import { until } from './until.ts';
import { SERVICES, type Service } from './target.ts';

/** A span, as far as it is asked for. */
export interface FoundSpan {
  readonly name: string;
  /** Undefined where the source does not say. */
  readonly service: string | undefined;
}

/** The spans of a trace; none while it is not there. Rejects when there is no answer. */
export type FindTrace = (traceId: string) => Promise<readonly FoundSpan[]>;

/** The counters of a service, each by its labels. Rejects when there is no answer. */
export type CountSeries = (service: Service) => Promise<ReadonlyMap<string, number>>;

/** How to ask, or why nobody is asked. */
export type Asked<Ask> = { readonly ask: Ask } | { readonly notAsked: string };

/** Where what the event left behind can be asked for. */
export interface Signals {
  readonly traces: Asked<FindTrace>;
  readonly series: Asked<CountSeries>;
}

export type SignalRow = { readonly outcome: 'ok' | 'failed' | 'not asked'; readonly detail: string };

/** Google takes in spans and samples within a minute or two. */
const SIGNAL_MAX_MS = 180_000;

/** The span that each service makes of an event. */
const SPANS: Readonly<Record<Service, string>> = { api: 'POST /process', worker: 'process deliveries' };

/** Waits for the trace to have a span of each service. */
export async function traceFound({ traces }: Signals, traceId: string, timeoutMs: number): Promise<SignalRow> {
  if ('notAsked' in traces) return { outcome: 'not asked', detail: traces.notAsked };
  let spans: readonly FoundSpan[] = [];
  let trouble: string | undefined;
  const missing = (): readonly Service[] => SERVICES.filter((service) => !spans.some((span) => isOf(span, service)));
  const found = await until(Math.min(timeoutMs, SIGNAL_MAX_MS), async () => {
    try {
      spans = await traces.ask(traceId);
      trouble = undefined;
    } catch (error) {
      trouble = reasonOf(error);
    }
    return missing().length === 0;
  });
  if (found) return { outcome: 'ok', detail: `${spans.length} spans, of ${SERVICES.join(' and ')}` };
  const without = missing().map((service) => `${SPANS[service]} of the ${service}`);
  return { outcome: 'failed', detail: trouble ?? `${traceId} has ${spans.length} spans, and none is ${without.join(' or ')}` };
}

function isOf({ name, service }: FoundSpan, wanted: Service): boolean {
  return name === SPANS[wanted] && (service === undefined || service === wanted);
}

/** What the counters of each service said before the event; the error where they could not be asked. */
export type Before = ReadonlyMap<Service, ReadonlyMap<string, number>> | Error;

export async function countBefore({ series }: Signals): Promise<Before> {
  if ('notAsked' in series) return new Map();
  try {
    return new Map(await Promise.all(SERVICES.map(async (service) => [service, await series.ask(service)] as const)));
  } catch (error) {
    return new Error(reasonOf(error));
  }
}

/** Waits until a counter of each service is higher than before the event: that service was scraped since. */
export async function seriesFound({ series }: Signals, before: Before, timeoutMs: number): Promise<SignalRow> {
  if ('notAsked' in series) return { outcome: 'not asked', detail: series.notAsked };
  if (before instanceof Error) return { outcome: 'failed', detail: before.message };
  const grown = new Set<Service>();
  let trouble: string | undefined;
  const found = await until(Math.min(timeoutMs, SIGNAL_MAX_MS), async () => {
    try {
      for (const service of SERVICES) if (hasGrown(before.get(service), await series.ask(service))) grown.add(service);
      trouble = undefined;
    } catch (error) {
      trouble = reasonOf(error);
    }
    return grown.size === SERVICES.length;
  });
  if (found) return { outcome: 'ok', detail: `counters of ${SERVICES.join(' and ')} are higher than before the event` };
  const still = SERVICES.filter((service) => !grown.has(service));
  return { outcome: 'failed', detail: trouble ?? `no counter of the ${still.join(' and of the ')} is higher than before the event` };
}

function hasGrown(before: ReadonlyMap<string, number> | undefined, now: ReadonlyMap<string, number>): boolean {
  return [...now].some(([labels, value]) => value > (before?.get(labels) ?? 0));
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: unknown };
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

import { readFileSync } from 'node:fs';
import { burnRate, type Slo } from '@nines/slo';
import { availability, delivery } from '../src/objectives.ts';
import { startArrivals } from './arrivals.ts';
import type { System } from './system.ts';

/** What came of the events so far. */
export interface TrafficCounts {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly delivered: number;
  readonly failedAttempts: number;
  /** Accepted and not delivered yet. */
  readonly backlog: number;
}

export interface Traffic {
  /** So many times the usual rate from now on. */
  setFactor(factor: number): void;
  factor(): number;
  counts(): TrafficCounts;
  /** Ends the sending; resolves when no request is on its way. */
  stop(): Promise<void>;
  /** What came of the events so far, in one line. */
  progress(): string;
  /** How fast the error budget of each objective went, one line each. */
  burn(): string[];
}

/** Told of each answer of the api; `id` is that of an accepted event. */
export type OnAnswer = (answer: { readonly status: number | undefined; readonly id: string | undefined; readonly atMs: number }) => void;

/** Beyond so many events that wait, nothing is sent until the receiver has caught up. */
const BACKLOG_MAX = 5000;
const IN_FLIGHT_MAX = 500;
const EARLY_MAX = 10_000;

const EVENTS = [
  { file: 'github-push.json', type: 'github.push', contentType: 'application/json' },
  { file: 'cloudevent.json', type: 'order.placed', contentType: 'application/cloudevents+json' },
] as const;

/** Sends the example's events to the demo's receiver, in turn, at a steady rate. */
export function startTraffic({ apiUrl, receiver }: System, eventsPerSecond: number, onAnswer: OnAnswer = () => {}): Traffic {
  const events = EVENTS.map(({ file, ...rest }) => ({ ...rest, body: readFileSync(new URL(`../events/${file}`, import.meta.url)) }));
  const book = bookkeeping();
  const inFlight = new Set<Promise<void>>();
  let factor = 1;

  receiver.onLine(({ fields }) => {
    if (fields['msg'] === 'received') book.arrived(String(fields['jobId']), fields['answer'] === 204);
  });

  const send = async () => {
    const event = events[book.counts.sent++ % events.length];
    if (event === undefined) return;
    const url = `${apiUrl}/process?destination=receiver&type=${event.type}`;
    const request = { method: 'POST', headers: { 'content-type': event.contentType }, body: event.body };
    const response = await fetch(url, request).catch(() => undefined);
    const { id } = response?.status === 202 ? ((await response.json()) as { id: string }) : { id: undefined };
    await response?.body?.cancel().catch(() => {});
    book.accept(id);
    onAnswer({ status: response?.status, id, atMs: Date.now() });
  };
  const arrivals = startArrivals(eventsPerSecond, () => {
    if (book.pending.size >= BACKLOG_MAX || inFlight.size >= IN_FLIGHT_MAX) return;
    const sending = send().finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  });

  const counts = (): TrafficCounts => ({ ...book.counts, backlog: book.pending.size });
  return {
    factor: () => factor,
    setFactor(next) {
      factor = next;
      arrivals.setRate(eventsPerSecond * next);
    },
    counts,
    async stop() {
      arrivals.stop();
      await Promise.allSettled(inFlight);
    },
    progress() {
      const { accepted, delivered, failedAttempts, refused, backlog } = counts();
      const paused = backlog >= BACKLOG_MAX ? '  (sending paused: backlog is full)' : '';
      return `accepted ${accepted}  delivered ${delivered}  backlog ${backlog}  failed attempts ${failedAttempts}  refused ${refused}${paused}`;
    },
    burn() {
      const { accepted, delivered, failedAttempts, refused } = counts();
      return [burnOf(availability, accepted + refused, refused), burnOf(delivery, delivered + failedAttempts, failedAttempts)];
    },
  };
}

/** Which events are on their way: an event may arrive before its 202 does. */
function bookkeeping() {
  const pending = new Set<string>();
  const early = new Set<string>();
  const counts = { sent: 0, accepted: 0, refused: 0, delivered: 0, failedAttempts: 0 };
  return {
    pending,
    counts,
    arrived(id: string, taken: boolean): void {
      if (!taken) counts.failedAttempts += 1;
      else if (pending.delete(id)) counts.delivered += 1;
      else early.add(id);
      // An event that is delivered twice, or that others sent, stays here: the oldest go.
      if (early.size > EARLY_MAX) for (const oldest of [...early].slice(0, EARLY_MAX / 2)) early.delete(oldest);
    },
    accept(id: string | undefined): void {
      if (id === undefined) return void (counts.refused += 1);
      counts.accepted += 1;
      if (early.delete(id)) counts.delivered += 1;
      else pending.add(id);
    },
  };
}

function burnOf(slo: Slo, total: number, bad: number): string {
  const rate = total === 0 ? 0 : burnRate(slo, { total, bad });
  return `${slo.name.padEnd(12)} ${slo.objective}: ${bad} of ${total} failed, the error budget went ${Number(rate.toPrecision(3))} times as fast as allowed`;
}

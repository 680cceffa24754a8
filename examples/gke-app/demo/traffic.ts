import { readFileSync } from 'node:fs';
import { burnRate, type Slo } from '@nines/slo';
import { availability, delivery } from '../src/objectives.ts';
import type { System } from './system.ts';

export interface Traffic {
  /** Ends the sending; resolves when no request is on its way. */
  stop(): Promise<void>;
  /** What came of the events so far, in one line. */
  progress(): string;
  /** How fast the error budget of each objective went, one line each. */
  burn(): string[];
}

/** Beyond so many events that wait, nothing is sent until the receiver has caught up. */
const BACKLOG_MAX = 1000;
const IN_FLIGHT_MAX = 50;

const EVENTS = [
  { file: 'github-push.json', type: 'github.push', contentType: 'application/json' },
  { file: 'cloudevent.json', type: 'order.placed', contentType: 'application/cloudevents+json' },
] as const;

/** Sends the example's events to the demo's receiver, in turn, at a steady rate. */
export function startTraffic({ apiUrl, receiver }: System, eventsPerSecond: number): Traffic {
  const events = EVENTS.map(({ file, ...rest }) => ({ ...rest, body: readFileSync(new URL(`../events/${file}`, import.meta.url)) }));
  const pending = new Set<string>();
  const early = new Set<string>();
  const inFlight = new Set<Promise<void>>();
  const counts = { sent: 0, accepted: 0, refused: 0, delivered: 0, failed: 0 };

  receiver.onLine(({ fields }) => {
    if (fields['msg'] !== 'received') return;
    if (fields['answer'] !== 204) counts.failed += 1;
    // The event may arrive before its 202 does.
    else if (pending.delete(String(fields['jobId']))) counts.delivered += 1;
    else early.add(String(fields['jobId']));
  });

  const send = async () => {
    const event = events[counts.sent % events.length];
    if (event === undefined) return;
    counts.sent += 1;
    const url = `${apiUrl}/process?destination=receiver&type=${event.type}`;
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': event.contentType }, body: event.body }).catch(
      () => undefined,
    );
    if (response?.status !== 202) {
      counts.refused += 1;
      return;
    }
    counts.accepted += 1;
    const { id } = (await response.json()) as { id: string };
    if (early.delete(id)) counts.delivered += 1;
    else pending.add(id);
  };
  const timer = setInterval(() => {
    if (pending.size >= BACKLOG_MAX || inFlight.size >= IN_FLIGHT_MAX) return;
    const sending = send().finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }, 1000 / eventsPerSecond);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.allSettled(inFlight);
    },
    progress() {
      const paused = pending.size >= BACKLOG_MAX ? '  (sending paused: backlog is full)' : '';
      const { accepted, delivered, failed, refused } = counts;
      return `accepted ${accepted}  delivered ${delivered}  backlog ${pending.size}  failed attempts ${failed}  refused ${refused}${paused}`;
    },
    burn() {
      const { accepted, delivered, failed, refused } = counts;
      return [burnOf(availability, accepted + refused, refused), burnOf(delivery, delivered + failed, failed)];
    },
  };
}

function burnOf(slo: Slo, total: number, bad: number): string {
  const rate = total === 0 ? 0 : burnRate(slo, { total, bad });
  return `${slo.name.padEnd(12)} ${slo.objective}: ${bad} of ${total} failed, the error budget went ${Number(rate.toPrecision(3))} times as fast as allowed`;
}

import { setTimeout as pause } from 'node:timers/promises';
import { startArrivals } from '../arrivals.ts';
import type { Sample } from './statistics.ts';

export interface LoadOptions {
  /** Of the api, without a path. */
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  readonly destination: string;
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey: string | undefined;
}

const IN_FLIGHT_MAX = 5000;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Sends events at a steady rate, whether or not the ones before are answered. Each sample counts from the moment at which its request was due, so a
 * server that stops for a second is seen by all that came in that second (no coordinated omission).
 *
 * @param stop - ends it early; what is on its way is waited for
 */
export async function runLoad(
  options: LoadOptions,
  stop: Promise<void>,
  progress: (samples: number, inFlight: number) => void,
): Promise<{ readonly samples: readonly Sample[]; readonly seconds: number }> {
  const samples: Sample[] = [];
  const inFlight = new Set<Promise<void>>();
  const startMs = performance.now();
  const lastDueMs = startMs + options.seconds * 1000;
  const send = request(options);
  const arrivals = startArrivals(options.rate, (dueMs) => {
    if (dueMs >= lastDueMs) return;
    // So many unanswered requests are an answer of their own.
    if (inFlight.size >= IN_FLIGHT_MAX) {
      samples.push({ ms: performance.now() - dueMs, status: undefined });
      return;
    }
    const sending = send(samples.length + inFlight.size)
      .then((status) => void samples.push({ ms: performance.now() - dueMs, status }))
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  });
  const tick = setInterval(() => progress(samples.length, inFlight.size), 1000);
  const over = new AbortController();
  try {
    await Promise.race([stop, pause(options.seconds * 1000, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
    arrivals.stop();
    await Promise.allSettled(inFlight);
    clearInterval(tick);
  }
  return { samples, seconds: (performance.now() - startMs) / 1000 };
}

function request({ url, destination, apiKey }: LoadOptions): (number: number) => Promise<number | undefined> {
  const target = `${url.replace(/\/+$/, '')}/process`;
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
  return async (number) => {
    const body = JSON.stringify({ destination, type: 'load.event', data: { number } });
    try {
      const response = await fetch(target, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  };
}

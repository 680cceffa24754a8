import type { Faults } from './faults.ts';

/** How the demo is set up when all is well. */
export interface DemoSettings {
  /** Variables of api and workers; what whoever runs the demo has set wins. */
  readonly env: Readonly<Record<string, string>>;
  /** A subscriber takes its time, too. */
  readonly receiver: Partial<Faults>;
}

const RECEIVER_MS = 200;
export const WORKERS = 2;

/**
 * Workers for twice the usual traffic and a queue for half a minute of it, so that it absorbs an outage of the receiver, and a surge of five times
 * fills it while one watches; a retry within seconds. In production all of this is larger.
 */
export function demoSettings(rate: number, environment: NodeJS.ProcessEnv = process.env): DemoSettings {
  const env = {
    QUEUE_NAMESPACE: 'demo',
    CONCURRENCY: String(Math.ceil((2 * rate * RECEIVER_MS) / 1000 / WORKERS)),
    MAX_WAITING: String(Math.max(100, 30 * rate)),
    DELIVERY_TIMEOUT_MS: '2000',
    BREAKER_OPEN_MS: '2000',
    RETRY_MAX_MS: '2000',
    LEASE_MS: '5000',
  };
  const chosen = Object.entries(env).map(([name, value]) => [name, environment[name] || value]);
  return { env: Object.fromEntries(chosen) as Record<string, string>, receiver: { latencyMs: RECEIVER_MS } };
}

import type { IncomingMessage } from 'node:http';
import { ConsoleRefusal } from './errors.ts';

/**
 * Only the console's own page may change anything. A browser says where a request comes from and lets no page lie about it:
 * by `Sec-Fetch-Site`, which also holds behind a proxy that changes the host, and before that by `Origin`.
 *
 * @throws {ConsoleRefusal} `CONSOLE_CROSS_ORIGIN`, also for a request that says neither.
 */
export function demandSameOrigin({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return;
  if (site === undefined && isOwn(headers.origin, headers.host)) return;
  throw new ConsoleRefusal('CONSOLE_CROSS_ORIGIN', 'only the page of this console may change anything');
}

function isOwn(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

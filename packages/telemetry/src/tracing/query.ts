import type { Attributes } from '@opentelemetry/api';

/** An outgoing request of `node:http`, as far as its address goes. */
interface Address {
  readonly protocol?: string | null | undefined;
  readonly host?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly path?: string | null | undefined;
}

const none: Attributes = {};

/** The name of the host that a request of `node:http` goes to, without the port. */
export function hostOf({ host, hostname }: Address): string {
  const name = hostname ?? host ?? 'localhost';
  return name.replace(/^\[(.*)\](?::\d+)?$/u, '$1').replace(/^([^:]*):\d+$/u, '$1');
}

/** The part of a URL or of a path before its query. */
function bare(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** Takes the query off the span of an incoming request: queries carry tokens and personal data. */
export function incomingWithoutQuery(url: string | undefined): Attributes {
  return url?.includes('?') === true ? { 'url.query': undefined } : none;
}

/** The same for a request made by `node:http`. */
export function outgoingWithoutQuery({ protocol, host, hostname, port, path }: Address): Attributes {
  if (path?.includes('?') !== true) return none;
  const name = host ?? hostname ?? 'localhost';
  const authority = port === null || port === undefined || name.includes(':') ? name : `${name}:${port}`;
  return { 'url.full': `${protocol ?? 'http:'}//${authority}${bare(path)}` };
}

/** The same for a request made by `fetch`. */
export function fetchWithoutQuery({ origin, path }: { readonly origin: string; readonly path: string }): Attributes {
  return path.includes('?') ? { 'url.full': `${origin}${bare(path)}`, 'url.query': undefined } : none;
}

import type { IncomingMessage } from 'node:http';

/** What Express, and what speaks like it, adds to a request that comes in below a mounted path. */
interface Mounted {
  readonly originalUrl?: unknown;
  readonly baseUrl?: unknown;
}

/** Where in the console a request points to. */
export interface Location {
  /** Behind the console's base, without a slash in front; undefined for the base itself without a slash at its end. */
  readonly path: string | undefined;
  /** The base without what is before its last part; what a redirection to the page is relative to. */
  readonly lastOfBase: string;
  readonly query: URLSearchParams;
}

/** Undefined when the request is not for the console. The base is the option, or else where Express mounted the handler. */
export function locate(request: IncomingMessage, basePath: string | undefined): Location | undefined {
  const { originalUrl, baseUrl } = request as IncomingMessage & Mounted;
  const url = typeof originalUrl === 'string' ? originalUrl : (request.url ?? '/');
  const base = basePath ?? (typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/, '') : '');
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  if (path !== base && !path.startsWith(`${base}/`)) return undefined;
  const rest = path === base ? undefined : path.slice(base.length + 1);
  return { path: rest, lastOfBase: base.slice(base.lastIndexOf('/') + 1), query: new URLSearchParams(query) };
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const TOKEN_LENGTH_MIN = 16;

/** Who may use the console: whoever has the token, or the cookie that the token was changed for. */
export class Access {
  readonly #token: string;
  /** The cookie holds this and not the token, which is known elsewhere too. */
  readonly #session: string = randomBytes(32).toString('base64url');

  /** @throws Error for a token that can be guessed. */
  constructor(token: string) {
    if (token.length < TOKEN_LENGTH_MIN) throw new Error(`token must have at least ${TOKEN_LENGTH_MIN} characters, got ${token.length}`);
    this.#token = token;
  }

  /** Whether somebody who comes with this token may come in. */
  opens(token: string): boolean {
    return same(token, this.#token);
  }

  /** Cookies do not tell ports apart: two demos on one machine need two names. */
  cookie(request: IncomingMessage): string {
    return `${cookieName(request)}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** How a request proves that it may: `bearer` is sent by programs only, `cookie` by the browser of its own accord. */
  proof(request: IncomingMessage): 'bearer' | 'cookie' | undefined {
    const { authorization = '', cookie = '' } = request.headers;
    const [, bearer] = /^Bearer (.+)$/i.exec(authorization) ?? [];
    if (bearer !== undefined) return this.opens(bearer) ? 'bearer' : undefined;
    const value = cookie
      .split(';')
      .map((pair) => pair.trim().split('='))
      .find(([name]) => name === cookieName(request))?.[1];
    return value !== undefined && same(value, this.#session) ? 'cookie' : undefined;
  }
}

/** Equal in constant time, whatever the lengths. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function cookieName({ socket }: IncomingMessage): string {
  return `console-${socket.localPort}`;
}

/** The name in the address bar must be one of this machine: a foreign name that was made to point here would share its origin with the page. */
export function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}

/** Whether the console's own page asks. A browser says where a request comes from and lets no page lie about it. */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

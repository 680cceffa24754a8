/** Every way in which the console itself refuses a request; documented in docs/errors.md. */
export type ConsoleErrorCode =
  | 'CONSOLE_FORBIDDEN'
  | 'CONSOLE_CROSS_ORIGIN'
  | 'CONSOLE_NOT_FOUND'
  | 'CONSOLE_UNKNOWN_QUEUE'
  | 'CONSOLE_UNKNOWN_JOB'
  | 'CONSOLE_METHOD_NOT_ALLOWED'
  | 'CONSOLE_NOT_JSON'
  | 'CONSOLE_BODY_TOO_LARGE'
  | 'CONSOLE_BAD_REQUEST'
  | 'CONSOLE_AUTHORIZE_FAILED'
  | 'CONSOLE_CLOSED'
  | 'CONSOLE_FAILED';

/** The status of each. */
export const STATUS: Readonly<Record<ConsoleErrorCode, number>> = Object.freeze({
  CONSOLE_FORBIDDEN: 403,
  CONSOLE_CROSS_ORIGIN: 403,
  CONSOLE_NOT_FOUND: 404,
  CONSOLE_UNKNOWN_QUEUE: 404,
  CONSOLE_UNKNOWN_JOB: 404,
  CONSOLE_METHOD_NOT_ALLOWED: 405,
  CONSOLE_NOT_JSON: 415,
  CONSOLE_BODY_TOO_LARGE: 413,
  CONSOLE_BAD_REQUEST: 400,
  CONSOLE_AUTHORIZE_FAILED: 500,
  CONSOLE_CLOSED: 503,
  CONSOLE_FAILED: 500,
});

/** A refusal on its way to the visitor; never leaves the handler. */
export class ConsoleRefusal extends Error {
  readonly code: ConsoleErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ConsoleErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

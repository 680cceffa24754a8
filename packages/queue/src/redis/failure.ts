import { QueueError } from '../errors.ts';
import { forbiddenBy } from './forbidden.ts';

/** Replies that say that this server cannot serve now, though the command was not carried out; Redis 6 puts words before those of a script. */
const UNAVAILABLE = /(?:^|: -)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|UNBLOCKED|MISCONF|NOREPLICAS)\b/;

/** True when the command may have been carried out, because its answer never came. */
export function isUnanswered(error: unknown): boolean {
  return !(error instanceof Error && error.name === 'ReplyError');
}

/** What Redis or the connection said of a command, or of a script with this source, as an error of this package. */
export function redisError(error: unknown, what: string, source = ''): QueueError {
  if (error instanceof QueueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const details = { cause: error, retryable: true };
  if (isUnanswered(error)) return new QueueError('REDIS_UNAVAILABLE', `Redis did not answer ${what}: ${message}`, details);
  if (message.includes('OOM command not allowed')) {
    return new QueueError('REDIS_OUT_OF_MEMORY', `Redis is out of memory and refused ${what}; nothing was stored`, {
      ...details,
      retryAfterMs: 1000,
    });
  }
  if (UNAVAILABLE.test(message)) return new QueueError('REDIS_UNAVAILABLE', `Redis cannot serve ${what} now: ${message}`, details);
  const forbidden = forbiddenBy(message, source);
  const why = forbidden === undefined ? '' : `the user of this connection lacks the right for ${forbidden}: `;
  return new QueueError('REDIS_REFUSED', `Redis refused ${what}: ${why}${message}`, { cause: error });
}

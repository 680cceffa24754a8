import type { IncomingMessage } from 'node:http';
import { QueueError } from '@nines/queue';
import { ConsoleRefusal } from './errors.ts';
import type { Role } from './protocol.ts';

/**
 * What `authorize` answers. `read`: jobs may be seen, with the message of their last error. `operate`: dead letters may be redriven and
 * purged as well, queues paused and resumed. Payloads are shown only with `payloads: true`. `false`, or nothing: refused.
 */
export type ConsoleAccess = 'read' | 'operate' | { readonly role: 'read' | 'operate'; readonly payloads?: boolean } | false | undefined;

/** Judges a request; see {@link ConsoleAccess}. */
export type ConsoleAuthorize = (request: IncomingMessage) => ConsoleAccess | Promise<ConsoleAccess>;

/** What one visitor may do. */
export interface Access {
  readonly role: Role;
  readonly payloads: boolean;
}

/** Nobody was asked who this is: figures only, as on a page of metrics. */
const ANYBODY: Access = Object.freeze({ role: 'counts', payloads: false });

/** @throws {ConsoleRefusal} `CONSOLE_FORBIDDEN`; `CONSOLE_AUTHORIZE_FAILED` when `authorize` threw or answered something else. */
export async function accessOf(
  request: IncomingMessage,
  authorize: ConsoleAuthorize | undefined,
  onError: (error: unknown) => void,
): Promise<Access> {
  if (authorize === undefined) return ANYBODY;
  let answer: ConsoleAccess;
  try {
    answer = checked(await authorize(request));
  } catch (error) {
    onError(error);
    throw new ConsoleRefusal('CONSOLE_AUTHORIZE_FAILED', 'nobody could tell whether you may see this');
  }
  if (answer === false || answer === undefined) throw new ConsoleRefusal('CONSOLE_FORBIDDEN', 'you may not see this console');
  return typeof answer === 'string' ? { role: answer, payloads: false } : { role: answer.role, payloads: answer.payloads === true };
}

/** @throws {QueueError} `INVALID_OPTION`; whatever is not understood lets nobody in. */
function checked(answer: ConsoleAccess): ConsoleAccess {
  if (answer === undefined || answer === null || answer === false) return false;
  const role = typeof answer === 'object' ? answer.role : answer;
  if (role === 'read' || role === 'operate') return answer;
  throw new QueueError('INVALID_OPTION', "authorize must answer 'read', 'operate', { role, payloads } or false");
}

/** @throws {ConsoleRefusal} `CONSOLE_FORBIDDEN` for a visitor who may do less. */
export function demand({ role }: Access, wanted: 'read' | 'operate'): void {
  if (role === wanted || role === 'operate') return;
  const message = wanted === 'read' ? 'you may see figures, not jobs' : 'you may look, not change anything';
  throw new ConsoleRefusal('CONSOLE_FORBIDDEN', message);
}

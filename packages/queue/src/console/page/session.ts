import type { Role } from '../protocol.ts';
import { ApiError } from './api.ts';
import { byId, say } from './dom.ts';

/** What every part of the page needs: who looks, how to tell them something, how to get new figures. */
export interface Session {
  /** What this visitor may do, as the last answer said. */
  role: Role;
  /** Asks for new figures now. */
  readonly refresh: () => void;
}

/** Says that something went well; read aloud when convenient. */
export function announce(text: string): void {
  say(byId('trouble'), '');
  say(byId('message'), text);
}

/** Says what went wrong; read aloud at once. */
export function complain(error: unknown): void {
  say(byId('message'), '');
  say(byId('trouble'), error instanceof ApiError ? `${error.message} (${error.code})` : String(error));
}

export function hush(): void {
  say(byId('message'), '');
  say(byId('trouble'), '');
}

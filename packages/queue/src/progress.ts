import { refuse } from './options.ts';

const BYTES_MAX = 1024;

/**
 * How far a job is, as JSON.
 *
 * @throws {QueueError} `INVALID_OPTION`.
 */
export function progressOf(value: unknown): string {
  const json = stringify(value);
  if (json === undefined || Buffer.byteLength(json) > BYTES_MAX) refuse('progress', value, `a JSON value with ${BYTES_MAX} bytes at most`);
  return json;
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** How far jobs are, until the next exchange takes it along; of many values of a job only the last one is sent. */
export class ProgressBoard {
  #waiting = new Map<string, string>();
  #sent: ReadonlyMap<string, string> = NONE;

  get size(): number {
    return this.#waiting.size;
  }

  set(id: string, json: string): void {
    this.#waiting.set(id, json);
  }

  forget(id: string): void {
    // Nearly always there is none, and to look for a text that is new costs more than all else about a job's end.
    if (this.#waiting.size > 0) this.#waiting.delete(id);
  }

  send(): ReadonlyMap<string, string> {
    if (this.#waiting.size === 0) return (this.#sent = NONE);
    this.#sent = this.#waiting;
    this.#waiting = new Map();
    return this.#sent;
  }

  /** The exchange failed: what was sent waits again, unless there is something newer. */
  takeBack(): void {
    this.#waiting = new Map([...this.#sent, ...this.#waiting]);
    this.#sent = NONE;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

import type { Settlement } from './store.ts';

/** Settlements that wait for the next exchange, and those that are on their way in one. */
export class Outbox {
  #waiting: Settlement[] = [];
  #sent: readonly Settlement[] = [];

  /** Those that wait for the next exchange. */
  get size(): number {
    return this.#waiting.length;
  }

  /** The ids of all that Redis has not confirmed. */
  ids(): string[] {
    return [...this.#sent, ...this.#waiting].map(({ id }) => id);
  }

  add(settlement: Settlement): void {
    this.#waiting.push(settlement);
  }

  send(): readonly Settlement[] {
    this.#sent = this.#waiting;
    this.#waiting = [];
    return this.#sent;
  }

  /** The exchange is over: what was sent is settled, unless it was taken back. */
  answered(): void {
    this.#sent = [];
  }

  /** What was sent waits again, in front of what ended meanwhile, without the ids that are of no use any more. */
  takeBack(without: ReadonlySet<string> = new Set()): void {
    this.#waiting = [...this.#sent, ...this.#waiting].filter(({ id }) => !without.has(id));
    this.#sent = [];
  }

  clear(): void {
    this.#waiting = [];
    this.#sent = [];
  }
}

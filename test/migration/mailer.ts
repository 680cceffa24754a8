import { onTestFinished } from 'vitest';
import type { Mail, Mailer } from './service.ts';

/** A mailer that the test holds, breaks and watches. */
export class TestMailer implements Mailer {
  readonly sent: Mail[] = [];
  /** Calls of `send`, also those that failed. */
  readonly begun: Mail[] = [];
  readonly mailboxes: Set<string> = new Set(['ada@example.com']);
  /** How many of the next calls fail. */
  failing = 0;
  running = 0;
  maxRunning = 0;
  #gate: PromiseWithResolvers<void> | undefined;
  readonly #waiting = new Set<() => void>();

  constructor() {
    onTestFinished(() => this.release());
  }

  knows(to: string): boolean {
    return this.mailboxes.has(to);
  }

  async send(mail: Mail): Promise<void> {
    this.begun.push(mail);
    this.running += 1;
    this.maxRunning = Math.max(this.running, this.maxRunning);
    this.#changed();
    await this.#gate?.promise;
    this.running -= 1;
    this.failing -= 1;
    if (this.failing >= 0) throw new Error('the mail server is away');
    this.sent.push(mail);
    this.#changed();
  }

  /** Every call waits from now on, until `release`. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Resolves once the condition holds. */
  async until(condition: (mailer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

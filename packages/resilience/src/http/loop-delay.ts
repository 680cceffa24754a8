import type { Clock } from '@nines/resilience';

/** Milliseconds between two looks. */
const EVERY_MS = 20;

/** How much of the worst delay is remembered from one look to the next: half of it is forgotten in 60 ms. */
const KEPT = 0.8;

/** Measures how late timers run: what the event loop was busy with something else. Looks only while it is told to. */
export class LoopDelay {
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #dueAt = 0;
  #worstMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    if (this.#cancel === undefined) this.#look();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#worstMs = 0;
  }

  /** Milliseconds, from 0. Sees a delay also before the late timer itself has run. */
  get ms(): number {
    if (this.#cancel === undefined) return 0;
    return Math.max(this.#worstMs, this.#clock.now() - this.#dueAt);
  }

  #look(): void {
    this.#dueAt = this.#clock.now() + EVERY_MS;
    this.#cancel = this.#clock.schedule(
      () => {
        this.#worstMs = Math.max(this.#worstMs * KEPT, this.#clock.now() - this.#dueAt);
        this.#look();
      },
      EVERY_MS,
      true,
    );
  }
}

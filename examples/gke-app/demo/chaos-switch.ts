/** Something of the running demo that can be broken on purpose and mended again: by a click on the console, or by the game day. */
export interface ChaosSwitch {
  /** For programs: lower case letters and dashes. */
  readonly id: string;
  /** For people, a few words: `Receiver answers 500`. */
  readonly title: string;
  /** What to expect, one sentence: `The breaker opens, deliveries wait in the queue, the delivery alert fires.` */
  readonly expect: string;
  /** `switch` stays on until it is turned off; `pulse` happens once at each `set(true)`, such as killing a worker. */
  readonly kind: 'switch' | 'pulse';
  /** Whether it is broken now; a pulse never stays on. */
  on(): boolean;
  /** Breaks or mends; resolves when it is so. */
  set(on: boolean): Promise<void>;
}

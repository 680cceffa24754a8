import { QueueError } from './errors.ts';
import { refuse } from './options.ts';

/** Tells listeners, in the order in which they came; one that throws stops no other, and nothing else. */
export interface Emitter<Events> {
  /** Whether anybody listens. */
  readonly listening: boolean;
  /** @throws {QueueError} `INVALID_OPTION` for an event that there is not, or a listener that is no function. */
  readonly on: <Name extends keyof Events & string>(name: Name, listener: (event: Events[Name]) => void) => () => void;
  readonly emit: <Name extends keyof Events & string>(name: Name, event: Events[Name]) => void;
}

export function createEmitter<Events>(names: readonly (keyof Events & string)[], onError: (error: QueueError) => void): Emitter<Events> {
  const listeners = new Map<string, Set<{ readonly tell: (event: never) => void }>>(names.map((name) => [name, new Set()]));
  let count = 0;
  return {
    get listening() {
      return count > 0;
    },
    on(name, listener) {
      const own = listeners.get(name) ?? refuse('event', name, `one of ${names.join(', ')}`);
      if (typeof listener !== 'function') refuse('listener', listener, 'a function (event) => void');
      // An object of its own, so that a function may listen twice and leave once.
      const entry = { tell: listener };
      own.add(entry);
      count += 1;
      return () => {
        if (own.delete(entry)) count -= 1;
      };
    },
    emit(name, event) {
      for (const { tell } of listeners.get(name) ?? []) {
        try {
          tell(event as never);
        } catch (cause) {
          onError(new QueueError('LISTENER_FAILED', `a listener to ${name} threw`, { cause }));
        }
      }
    },
  };
}

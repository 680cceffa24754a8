import type { Clock } from '../clock.ts';
import type { Terminal } from './terminal.ts';

/** Shows how far long work is, on the error output: in one line on a terminal, elsewhere by a line now and then. */
export interface Progress {
  show(line: string): void;
  /** Takes the line away. */
  end(): void;
}

const TERMINAL_MS = 100;
const LOG_MS = 10_000;

export function createProgress({ status, err }: Terminal, clock: Clock): Progress {
  const everyMs = status === undefined ? LOG_MS : TERMINAL_MS;
  let lastAt = clock.now();
  let shown = false;
  return {
    show(line) {
      if (clock.now() - lastAt < everyMs) return;
      lastAt = clock.now();
      shown = true;
      (status ?? err)(line);
    },
    end() {
      if (shown) status?.('');
    },
  };
}

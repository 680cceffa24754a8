import type { Board, Greeting } from '../protocol.ts';

interface Listeners {
  readonly greeting: (greeting: Greeting) => void;
  readonly board: (board: Board) => void;
  /** Whether figures come in. */
  readonly connected: (connected: boolean) => void;
}

/** Listens while the page can be seen: what nobody looks at costs the services nothing. */
export function listen(listeners: Listeners): void {
  let source: EventSource | undefined;
  const close = () => {
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    if (document.hidden) return;
    source = new EventSource('/api/stream');
    source.addEventListener('greeting', (event) => listeners.greeting(JSON.parse(event.data as string) as Greeting));
    source.addEventListener('board', (event) => {
      listeners.connected(true);
      listeners.board(JSON.parse(event.data as string) as Board);
    });
    source.addEventListener('error', () => {
      listeners.connected(false);
      // Refused for good, for example by a console that was started anew: try again by hand, seldom.
      if (source?.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    });
  };
  document.addEventListener('visibilitychange', open);
  open();
}

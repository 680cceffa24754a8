import type { ServerResponse } from 'node:http';

/** So many pages may be open at once; each costs a connection and a copy of every message. */
const VIEWERS_MAX = 16;
const HEARTBEAT_MS = 10_000;
/** A page that does not read is let go: it connects again when it can. */
const UNREAD_BYTES_MAX = 1_000_000;

/** The open pages, each at the end of a stream of server-sent events. */
export class Viewers {
  readonly #open = new Set<ServerResponse>();
  readonly #onChange: (viewers: number) => void;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(onChange: (viewers: number) => void) {
    this.#onChange = onChange;
    // A proxy, or a sampling that hangs, must not make the stream look dead.
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get full(): boolean {
    return this.#open.size >= VIEWERS_MAX;
  }

  /** Begins a stream with a greeting. */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>, greeting: unknown): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(`retry: 2000\n\n${message('greeting', greeting)}`);
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      this.#onChange(this.#open.size);
    });
    this.#onChange(this.#open.size);
  }

  tell(event: string, value: unknown): void {
    this.#write(message(event, value));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#open) response.end();
  }

  #write(text: string): void {
    for (const response of this.#open) {
      if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
      else response.write(text);
    }
  }
}

/** JSON has no line breaks, so a message is one line of data. */
function message(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}

import { connect, type Socket } from 'node:net';

/** An answer: its status, and its body as text. */
export type OnAnswer = (status: number, body: string) => void;

/**
 * One kept HTTP connection that sends requests as bytes and reads just as much of the answers as is needed: the generator
 * shares two cores with what it measures, and `node:http` would cost more than some of it.
 */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  #onAnswer: OnAnswer | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#answer(0, ''));
  }

  static open(url: string): Promise<Connection> {
    const { hostname: host, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port) });
      socket.once('connect', () => resolve(new Connection(socket))).once('error', reject);
    });
  }

  /** Sends one request; status 0 tells that the connection was closed. */
  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    if (this.#socket.writable) this.#socket.write(request, 'latin1');
    else this.#answer(0, '');
  }

  close(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1];
    const end = head + 4 + Number(length ?? 0);
    if (this.#received.length < end) return;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(head + 4, end);
    this.#received = this.#received.slice(end);
    this.#answer(status, body);
  }

  #answer(status: number, body: string): void {
    const answered = this.#onAnswer;
    this.#onAnswer = undefined;
    answered?.(status, body);
  }
}

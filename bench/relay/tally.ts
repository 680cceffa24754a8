import type { Connection } from './connection.ts';
import { percentiles, type Report } from './order.ts';

const TEXT = 'x'.repeat(160);

/** What was sent, answered and delivered in the course of one order. */
export class Tally {
  /** When each request was due, by its number. */
  readonly #due: number[] = [];
  readonly #accepted = new Set<number>();
  readonly #delivered = new Set<number>();
  readonly #answersMs: number[] = [];
  readonly #deliveriesMs: number[] = [];
  readonly #measured = {
    from: Number.POSITIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    accepted: 0,
    startCpu: process.cpuUsage(),
    cores: 0,
  };
  #errors = 0;
  #repeated = 0;
  #onDelivered: () => void = () => {};

  beginMeasuring(): void {
    this.#measured.from = performance.now();
    this.#measured.startCpu = process.cpuUsage();
  }

  endMeasuring(): void {
    const { user, system } = process.cpuUsage(this.#measured.startCpu);
    this.#measured.to = performance.now();
    this.#measured.cores = (user + system) / 1000 / (this.#measured.to - this.#measured.from);
  }

  send(connection: Connection, due: number, done: () => void): void {
    const number = this.#due.push(due) - 1;
    connection.send(requestOf(number), (status) => {
      const now = performance.now();
      if (status === 202) this.#accepted.add(number);
      else this.#errors += 1;
      if (status === 202 && this.#measures(now)) this.#measured.accepted += 1;
      if (this.#measures(due)) this.#answersMs.push(now - due);
      done();
    });
  }

  receive(body: string): void {
    const number = Number(/"n":"n(\d{9})"/.exec(body)?.[1]);
    const due = this.#due[number];
    if (due === undefined) return;
    if (this.#delivered.has(number)) this.#repeated += 1;
    else if (this.#measures(due)) this.#deliveriesMs.push(performance.now() - due);
    this.#delivered.add(number);
    this.#onDelivered();
  }

  /** Rejects when an accepted event is still missing after so long. */
  async allDelivered(waitMs: number): Promise<void> {
    const missing = () => [...this.#accepted].filter((number) => !this.#delivered.has(number)).length;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`${missing()} of ${this.#accepted.size} accepted events were not delivered`)), waitMs);
    while (missing() > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onDelivered = resolve;
      await Promise.race([promise, late]);
    }
    clearTimeout(timer);
  }

  report(delivered: boolean): Report {
    const { from, to, accepted, cores } = this.#measured;
    return {
      accepted: this.#accepted.size,
      errors: this.#errors,
      perSecond: (accepted * 1000) / (to - from),
      answer: percentiles(this.#answersMs),
      delivery: delivered ? percentiles(this.#deliveriesMs) : undefined,
      repeated: this.#repeated,
      cores,
    };
  }

  #measures(at: number): boolean {
    return at >= this.#measured.from && at < this.#measured.to;
  }
}

function requestOf(number: number): string {
  const data = { n: `n${String(number).padStart(9, '0')}`, text: TEXT };
  const body = JSON.stringify({ destination: 'receiver', type: 'order.placed', data });
  return `POST /process HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

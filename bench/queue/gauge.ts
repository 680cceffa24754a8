import type { Report } from './order.ts';
import type { Payload } from './peer.ts';

/** Counts jobs, and measures from the end of the warm-up to the last one. */
export class Gauge {
  readonly full: Promise<void>;
  readonly #total: number;
  readonly #warm: number;
  readonly #resolve: () => void;
  readonly #latenciesUs: number[] = [];
  #seen = 0;
  #measured = 0;
  #start = { us: 0, cpu: process.cpuUsage() };
  #end = { us: 0, cpuUs: 0 };

  constructor(total: number, warm: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.full = promise;
    this.#resolve = resolve;
    this.#total = total;
    this.#warm = warm;
    if (warm === 0) this.#begin();
  }

  started({ sentUs }: Payload, nowUs: () => number): void {
    if (sentUs > 0 && this.#seen >= this.#warm) this.#latenciesUs.push(nowUs() - sentUs);
  }

  count(jobs: number): void {
    const warming = this.#seen < this.#warm;
    this.#seen += jobs;
    if (warming && this.#seen >= this.#warm) {
      this.#begin();
      this.#measured = this.#total - this.#seen;
    }
    if (this.#seen >= this.#total && this.#end.us === 0) this.#finish();
  }

  #begin(): void {
    this.#start = { us: nowUs(), cpu: process.cpuUsage() };
    this.#measured = this.#total;
  }

  #finish(): void {
    const { user, system } = process.cpuUsage(this.#start.cpu);
    this.#end = { us: nowUs(), cpuUs: user + system };
    this.#resolve();
  }

  report(): Report {
    const sorted = this.#latenciesUs.toSorted((a, b) => a - b);
    const quantile = (q: number) => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0) / 1000;
    return {
      startUs: this.#start.us,
      endUs: this.#end.us,
      jobs: this.#measured,
      cpuUs: this.#end.cpuUs,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  }
}

const nowUs = () => Number(process.hrtime.bigint() / 1000n);

import { checkOption, type Clock, functionOption, type OptionCheck, optional, resolveOptions, wholeNumber } from '@nines/resilience';

/** A time in milliseconds, or a function that draws one. */
export type SimulatedTime = number | ((random: () => number) => number);

/** Options of a simulated server. */
export interface SimulatedServerOptions {
  /** Shown in errors. Default: `server`. */
  readonly name?: string;
  /** Requests served at the same time, from 1. */
  readonly workers: number;
  /** How long a worker is busy with one request. */
  readonly serviceMs: SimulatedTime;
  /** Requests that wait for a worker; past it a request is refused at once. Default: 1 000. */
  readonly maxQueue?: number;
  /** What a worker does after `serviceMs`, such as calling the next server; the worker is busy until it settles. Default: nothing. */
  readonly handle?: () => unknown;
}

/** What a simulated server counted. */
export interface SimulatedServerStats {
  readonly arrived: number;
  readonly completed: number;
  /** Ended in an error: the server was down, or `handle` rejected. */
  readonly failed: number;
  /** Refused because the queue was full. */
  readonly refused: number;
  /** Work that was completed although the caller had left. */
  readonly wasted: number;
  readonly busy: number;
  readonly queued: number;
}

/**
 * How a simulated server behaves: `up` serves; `down` fails each request at once; `hung` takes requests and never answers them
 * (what was hung is lost).
 */
export type SimulatedHealth = 'up' | 'down' | 'hung';

interface Request {
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Lets go of the signal. */
  readonly over: () => void;
}

type Resolved = Required<Omit<SimulatedServerOptions, 'handle'>> & Pick<SimulatedServerOptions, 'handle'>;

const time: OptionCheck = (value) =>
  typeof value === 'function' || (typeof value === 'number' && Number.isFinite(value) && value >= 0)
    ? undefined
    : 'a number from 0 or a function';
const word: OptionCheck = (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= 100 ? undefined : '1 to 100 characters';

/** The time a worker or a client takes, never below 0. */
export function draw(ms: SimulatedTime, random: () => number): number {
  const drawn = typeof ms === 'number' ? ms : ms(random);
  return Number.isFinite(drawn) && drawn > 0 ? drawn : 0;
}

/** Workers behind one queue, in simulated time. A request is served to its end even when its caller has left, as most servers do. */
export class SimulatedServer {
  readonly #options: Resolved;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #queue: Request[] = [];
  readonly #stats = { arrived: 0, completed: 0, failed: 0, refused: 0, wasted: 0, busy: 0 };
  #head = 0;
  #workers: number;
  /** Change it while the simulation runs. Requests that wait or are served go on when the server goes down, and are lost when it hangs. */
  health: SimulatedHealth = 'up';

  /** Use `simulation().server()`. */
  constructor(options: SimulatedServerOptions, clock: Clock, random: () => number) {
    const defaults = { name: 'server', maxQueue: 1_000 };
    this.#options = resolveOptions<Resolved>('server', options, defaults, {
      name: word,
      workers: wholeNumber(1, 1_000_000),
      serviceMs: time,
      maxQueue: wholeNumber(0, 1_000_000),
      handle: optional(functionOption()),
    });
    this.#workers = this.#options.workers;
    this.#clock = clock;
    this.#random = random;
  }

  /** Requests served at the same time. Change it while the simulation runs, to lose or gain capacity. */
  get workers(): number {
    return this.#workers;
  }

  /** @throws ResilienceError `INVALID_OPTION` */
  set workers(count: number) {
    checkOption('server', 'workers', count, wholeNumber(0, 1_000_000));
    this.#workers = count;
    this.#next();
  }

  /** Counts of now. */
  get stats(): SimulatedServerStats {
    return { ...this.#stats, queued: this.#queue.length - this.#head };
  }

  /** Sends a request; rejects when the server is down, its queue is full or `handle` rejects, and when the signal aborts. */
  call(signal?: AbortSignal): Promise<void> {
    this.#stats.arrived += 1;
    const { name, maxQueue } = this.#options;
    if (this.health === 'down') {
      this.#stats.failed += 1;
      return Promise.reject(new Error(`${name} is down`));
    }
    if (this.#stats.busy >= this.#workers && this.#queue.length - this.#head >= maxQueue) {
      this.#stats.refused += 1;
      return Promise.reject(new Error(`${name} is full`));
    }
    const left = Promise.withResolvers<void>();
    const leave = (): void => left.reject(signal?.reason);
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { once: true });
    const over = (): void => signal?.removeEventListener('abort', leave);
    this.#queue.push({ signal, ...left, over });
    this.#next();
    return left.promise;
  }

  #next(): void {
    while (this.#stats.busy < this.#workers) {
      const request = this.#queue[this.#head];
      if (request === undefined) return;
      this.#head += 1;
      if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
        this.#queue.splice(0, this.#head);
        this.#head = 0;
      }
      this.#stats.busy += 1;
      this.#clock.schedule(() => void this.#serve(request), draw(this.#options.serviceMs, this.#random));
    }
  }

  async #serve({ signal, resolve, reject, over }: Request): Promise<void> {
    if (this.health !== 'hung') {
      try {
        const { handle } = this.#options;
        if (handle !== undefined) await handle();
        this.#stats.completed += 1;
        if (signal?.aborted === true) this.#stats.wasted += 1;
        resolve();
      } catch (error) {
        this.#stats.failed += 1;
        reject(error);
      }
    }
    over();
    this.#stats.busy -= 1;
    this.#next();
  }
}

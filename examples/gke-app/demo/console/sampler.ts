import { askPrometheus, type PrometheusAnswer } from './prometheus-source.ts';
import type { Look } from './recorder.ts';
import type { WatchedProcesses } from './watched-processes.ts';
import type { WatchedQueue } from './watched-queue.ts';

const INTERVAL_MS = 1000;

/** Where a sampler looks. */
export interface Watched {
  readonly processes: WatchedProcesses;
  readonly queue: WatchedQueue;
  readonly prometheusUrl: string | undefined;
}

/** Looks at the system once a second while somebody watches, however many they are, and not at all while nobody does. */
export class Sampler {
  readonly #watched: Watched;
  readonly #onLook: (look: Look) => void;
  #answer: PrometheusAnswer | undefined;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;
  /** Tells the present run from one that was stopped while a look was under way. */
  #run: symbol | undefined;

  constructor(watched: Watched, onLook: (look: Look) => void) {
    this.#watched = watched;
    this.#onLook = onLook;
  }

  start(): void {
    if (this.#run !== undefined) return;
    // What Prometheus said when somebody last looked is not so any more.
    this.#answer = undefined;
    const run = Symbol('run');
    this.#run = run;
    void this.#look(run);
  }

  stop(): void {
    this.#run = undefined;
    clearTimeout(this.#timer);
  }

  async #look(run: symbol): Promise<void> {
    const atMs = Date.now();
    const { prometheusUrl, processes, queue } = this.#watched;
    if (prometheusUrl !== undefined) this.#refresh(prometheusUrl);
    const [views, answer] = await Promise.all([processes.read(), queue.read()]);
    if (this.#run !== run) return;
    const prometheus = prometheusUrl === undefined ? 'absent' : (this.#answer ?? 'silent');
    this.#onLook({ atMs, processes: views, queue: answer, tally: processes.total(), prometheus });
    this.#timer = setTimeout(() => void this.#look(run), Math.max(50, INTERVAL_MS - (Date.now() - atMs)));
  }

  /** In the background: a Prometheus that is slow to answer does not hold up the rest. */
  #refresh(url: string): void {
    if (this.#asking) return;
    this.#asking = true;
    void askPrometheus(url)
      .then(
        (answer) => (this.#answer = answer),
        () => (this.#answer = undefined),
      )
      .finally(() => (this.#asking = false));
  }
}

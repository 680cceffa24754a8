import type { Slo } from '@nines/slo';
import { readSamples, type Samples } from './exposition.ts';
import type { BreakerState, ProcessView } from './protocol.ts';
import { sumTallies, tallyOf, type Tally } from './tally.ts';

/** A service whose `/metrics` can be asked. */
export interface WatchedProcess {
  readonly name: string;
  readonly pid: number;
  readonly probesUrl: string;
}

const TIMEOUT_MS = 900;
const ANSWER_MAX = 2_000_000;
/** Processes that are gone and still count; each worker that is killed adds one. */
const PIDS_MAX = 1000;

/** Asks every process for its metrics, and remembers what those said that are gone. */
export class WatchedProcesses {
  readonly #processes: () => readonly WatchedProcess[];
  readonly #objectives: readonly Slo[];
  readonly #tallies = new Map<number, Tally>();

  constructor(processes: () => readonly WatchedProcess[], objectives: readonly Slo[]) {
    this.#processes = processes;
    this.#objectives = objectives;
  }

  async read(): Promise<readonly ProcessView[]> {
    return Promise.all(
      this.#processes().map(async ({ name, pid, probesUrl }) => {
        const samples = await scrape(probesUrl);
        if (samples === undefined) return { name, pid, up: false, breakers: [] };
        this.#tallies.set(pid, tallyOf(samples, this.#objectives));
        for (const oldest of [...this.#tallies.keys()].slice(0, -PIDS_MAX)) this.#tallies.delete(oldest);
        return {
          name,
          pid,
          up: true,
          memoryBytes: samples.get('process_resident_memory_bytes')?.[0]?.value,
          busy: samples.get('nodejs_eventloop_utilization_ratio')?.[0]?.value,
          breakers: breakersOf(samples),
        };
      }),
    );
  }

  /** Everything that was counted so far, by all processes there were. */
  total(): Tally {
    return sumTallies(this.#tallies.values());
  }
}

async function scrape(probesUrl: string): Promise<Samples | undefined> {
  try {
    const response = await fetch(`${probesUrl}/metrics`, {
      headers: { accept: 'text/plain' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return undefined;
    const text = await response.text();
    return readSamples(text.slice(0, ANSWER_MAX));
  } catch {
    return undefined;
  }
}

const STATES: Readonly<Record<string, BreakerState>> = { closed: 'closed', open: 'open', half_open: 'half-open', isolated: 'isolated' };

/** One breaker guards one destination, so one state has the 1. */
function breakersOf(samples: Samples): ProcessView['breakers'] {
  return (samples.get('resilience_circuit_breakers') ?? []).flatMap(({ labels, value }) => {
    const state = STATES[labels['state'] ?? ''];
    return state === undefined || value < 1 ? [] : [{ destination: labels['pipeline'] ?? '', state }];
  });
}

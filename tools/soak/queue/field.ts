import type { Redis } from 'ioredis';
import type { Durability } from '@nines/queue';
import { createActs } from './acts.ts';
import type { Fault } from './explain.ts';
import { readHistories } from './history.ts';
import type { Act } from './plan.ts';
import type { ProcessOptions } from './process-options.ts';
import { startProcess, type SoakProcess } from './processes.ts';
import type { SoakServer } from './server.ts';

export interface FieldOptions {
  readonly jobs: number;
  readonly workers: number;
  readonly seed: number;
  readonly folder: string;
  readonly server: SoakServer;
  readonly durability: Durability;
}

/** The processes of a run, and what is done to them. */
export interface Field {
  start(): Promise<void>;
  /** Handlers that ended so far, as the workers told; a little less than the truth. */
  handled(): number;
  /** Whether some jobs are still to be enqueued; throws when a process ended that nobody killed. */
  producing(): boolean;
  act(act: Act, admin: Redis): Promise<void>;
  /** Lets the workers finish what they run, and end. */
  stop(): Promise<void>;
  /** Ends what is left, at once. */
  kill(): void;
  readonly faults: readonly Fault[];
}

/** Small, so that producers feel backpressure and the run is never only a drain. */
const WAITING_SHARE = 20;

export function createField({ jobs, workers, seed, folder, server, durability }: FieldOptions): Field {
  const live = new Map<number, SoakProcess>();
  let producer: SoakProcess | undefined;
  let broken: Error | undefined;
  let handled = 0;
  let serial = 0;
  let turn = seed % workers;
  const base = { folder, seed, server: server.server, durability, maxWaiting: Math.max(200, Math.floor(jobs / WAITING_SHARE)) };
  const begin = (kind: 'producer' | 'worker', more: Partial<ProcessOptions> = {}): SoakProcess => {
    serial += 1;
    const process = startProcess(kind, { ...base, ...more, name: `${kind}-${serial}` }, (message) => {
      if (message.type === 'ended') handled += message.jobs;
    });
    process.child.on('exit', (code) => {
      if (code !== null && code !== 0) broken ??= new Error(`${process.name} ended by itself with ${code}`);
    });
    return process;
  };
  const produce = (from: number) => {
    const process = begin('producer', { from, to: jobs });
    producer = process;
    process.child.on('exit', (code) => {
      if (producer === process && code === 0) producer = undefined;
    });
  };
  const faults: Fault[] = [];
  const acts = createActs({
    faults,
    server,
    victim: () => live.get((turn = (turn + 1) % workers))!,
    replace(victim) {
      for (const [slot, process] of live) if (process === victim) live.set(slot, begin('worker'));
    },
    producer: () => producer,
    produceOn: () => produce(lastSent(folder) + 1),
  });
  return {
    faults,
    async start() {
      for (let slot = 0; slot < workers; slot += 1) live.set(slot, begin('worker'));
      await Promise.all([...live.values()].map((process) => process.said('ready')));
      produce(0);
    },
    handled: () => handled,
    producing() {
      if (broken !== undefined) throw broken;
      return producer !== undefined;
    },
    act: (act, admin) => acts[act](admin),
    async stop() {
      for (const { child } of live.values()) child.kill('SIGTERM');
      await Promise.all([...live.values()].map(({ gone }) => gone));
    },
    kill() {
      for (const { child } of [...live.values(), ...(producer === undefined ? [] : [producer])]) child.kill('SIGKILL');
    },
  };
}

/** The highest number that any producer wrote down before it was killed: the next one goes on from there. */
function lastSent(folder: string): number {
  let last = -1;
  for (const history of readHistories(folder)) {
    if (!history.process.startsWith('producer')) continue;
    for (const { type, job } of history.records()) if (type === 'sent') last = Math.max(last, job);
  }
  return last;
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Fault } from './explain.ts';
import { readHistories } from './history.ts';
import { LEASE_MS } from './jobs.ts';
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
}

/** The processes of a run, and what is done to them. */
export interface Field {
  start(): Promise<void>;
  /** Handlers that ended so far, as the workers told; a little less than the truth. */
  handled(): number;
  /** Whether some jobs are still to be enqueued. */
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

export function createField({ jobs, workers, seed, folder, server }: FieldOptions): Field {
  const faults: Fault[] = [];
  const live = new Map<number, SoakProcess>();
  let producer: SoakProcess | undefined;
  let handled = 0;
  let serial = 0;
  let turn = seed % workers;
  const base = { folder, seed, server: server.server, maxWaiting: Math.max(200, Math.floor(jobs / WAITING_SHARE)) };
  const begin = (kind: 'producer' | 'worker', more: Partial<ProcessOptions> = {}): SoakProcess => {
    serial += 1;
    return startProcess(kind, { ...base, ...more, name: `${kind}-${serial}` }, (message) => {
      if (message.type === 'ended') handled += message.jobs;
    });
  };
  const produce = (from: number) => {
    const process = begin('producer', { from, to: jobs });
    producer = process;
    void process.gone.then(() => {
      if (producer === process && process.well()) producer = undefined;
    });
  };
  const since = () => Date.now();

  const acts: Readonly<Record<Act, (admin: Redis) => Promise<void>>> = {
    async 'kill worker'() {
      const [slot, victim] = pick();
      victim.child.kill('SIGKILL');
      faults.push({ kind: 'kill', process: victim.name, fromMs: since(), toMs: since() });
      await victim.gone;
      live.set(slot, begin('worker'));
    },
    async 'stop worker'() {
      const [, victim] = pick();
      const fromMs = since();
      victim.child.kill('SIGSTOP');
      await pause(LEASE_MS * 1.3);
      victim.child.kill('SIGCONT');
      faults.push({ kind: 'stop', process: victim.name, fromMs, toMs: since() });
    },
    async 'cut connections'(admin) {
      const fromMs = since();
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
      faults.push({ kind: 'cut', fromMs, toMs: since() });
    },
    async 'kill producer'() {
      const victim = producer;
      if (victim === undefined) return;
      victim.child.kill('SIGKILL');
      await victim.gone;
      if (victim.well()) return;
      produce(lastSent(folder) + 1);
    },
    async 'kill Redis'() {
      const fromMs = since();
      await server.crash();
      faults.push({ kind: 'redis', fromMs, toMs: since() });
    },
  };
  const pick = (): [number, SoakProcess] => {
    turn = (turn + 1) % workers;
    return [turn, live.get(turn)!];
  };
  return {
    faults,
    async start() {
      for (let slot = 0; slot < workers; slot += 1) live.set(slot, begin('worker'));
      await Promise.all([...live.values()].map((process) => process.said('ready')));
      produce(0);
    },
    handled: () => handled,
    producing: () => producer !== undefined,
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
  for (const { process, records } of readHistories(folder)) {
    if (!process.startsWith('producer')) continue;
    for (const { type, job } of records()) if (type === 'sent') last = Math.max(last, job);
  }
  return last;
}

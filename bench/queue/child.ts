import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order, Report } from './order.ts';
import type { PeerName } from './peer.ts';

export interface Child {
  readonly ready: Promise<void>;
  readonly report: Promise<Report>;
  readonly process: ChildProcess;
  /** Lines that the action prints besides `ready` and the report. */
  onLine: (line: string) => void;
}

const DEFAULTS = { jobs: 1, concurrency: 64, bytes: 180, handler: 'none', perSecond: 1000, tracing: 'none', log: false } as const;

let serial = 0;
export const queueName = (): string => `bench-${process.pid}-${(serial += 1)}`;

/** What is asked of a process; what is not given is as in the drain of small jobs. */
export type Asked = Pick<Order, 'action' | 'url' | 'queue'> & Partial<Order>;

export function start(peer: PeerName, asked: Asked): Child {
  const order: Order = { ...DEFAULTS, ...asked, peer };
  const program = join(import.meta.dirname, 'process.ts');
  const child = spawn(process.execPath, ['--conditions=@nines/source', program, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  const report = Promise.withResolvers<Report>();
  const started: Child = { ready: ready.promise, report: report.promise, process: child, onLine: () => {} };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve();
    else if (line.startsWith('{')) report.resolve(JSON.parse(line) as Report);
    else started.onLine(line);
  });
  child.on('exit', (code, signal) => {
    const error = new Error(`${peer} ${order.action} ended with ${String(signal ?? code)} and no report`);
    ready.reject(error);
    report.reject(error);
  });
  ready.promise.catch(() => {});
  report.promise.catch(() => {});
  return started;
}

/** Runs an action in a process of its own to its end. */
export async function run(peer: PeerName, asked: Asked): Promise<Report> {
  const child = start(peer, asked);
  const report = await child.report;
  await ended(child);
  return report;
}

/** Kills the process, or waits for its end. */
export async function ended(child: Child, signal?: NodeJS.Signals): Promise<void> {
  const { process: own } = child;
  if (own.exitCode !== null || own.signalCode !== null) return;
  const exit = new Promise((resolve) => own.once('exit', resolve));
  if (signal !== undefined) own.kill(signal);
  await exit;
}

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromGenerator, Order, Report } from './order.ts';

export interface Generator {
  /** Where its receiver listens. */
  readonly receiver: string;
  /** Carries out one order after the other; `onPhase` is told when the measured time begins and ends. */
  run(order: Order, onPhase: (phase: 'measure' | 'end') => void): Promise<Report>;
  stop(): void;
}

const script = fileURLToPath(new URL('generator-process.ts', import.meta.url));

/** Starts a generator, whose receiver listens already. */
export async function startGenerator(): Promise<Generator> {
  const child = fork(script, { execArgv: ['--conditions=@nines/source'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const receiver = Promise.withResolvers<string>();
  let report = Promise.withResolvers<Report>();
  let onPhase: (phase: 'measure' | 'end') => void = () => {};
  child.on('message', (message: FromGenerator) => {
    if ('receiver' in message) receiver.resolve(message.receiver);
    else if ('phase' in message) onPhase(message.phase);
    else report.resolve(message.report);
  });
  child.once('exit', (code, signal) => ended.reject(new Error(`the load generator ended with ${String(signal ?? code)} and no report`)));
  return {
    receiver: await Promise.race([receiver.promise, ended.promise]),
    run(order, told) {
      onPhase = told;
      report = Promise.withResolvers();
      child.send(order);
      return Promise.race([report.promise, ended.promise]);
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

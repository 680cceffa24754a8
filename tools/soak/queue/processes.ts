import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProcessOptions } from './process-options.ts';

/** What the processes of a run tell their parent. */
export type Message = { readonly type: 'ready' | 'done' } | { readonly type: 'ended'; readonly jobs: number };

/** A process of a run; `kind` is the file that it runs. */
export interface SoakProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Resolves when it says so; rejects when it ends before. */
  said(type: Message['type']): Promise<void>;
  /** Resolves when it is gone. */
  readonly gone: Promise<unknown>;
}

/** A worker spies on the inside of the queue, so its file is one of the queue's. */
const FILES = { producer: 'producer.ts', worker: '../../../packages/queue/test/process/soak-worker.ts' } as const;

export function startProcess(kind: 'producer' | 'worker', options: ProcessOptions, onMessage: (message: Message) => void): SoakProcess {
  const child = fork(join(import.meta.dirname, FILES[kind]), [JSON.stringify(options)], {
    execArgv: ['--conditions=@nines/source', '--disable-warning=ExperimentalWarning'],
  });
  const said = new Set<Message['type']>();
  child.on('message', (message: Message) => {
    said.add(message.type);
    onMessage(message);
    child.emit('said');
  });
  child.on('exit', () => child.emit('said'));
  const gone = once(child, 'exit');
  return {
    name: options.name,
    child,
    gone,
    async said(type) {
      while (!said.has(type)) {
        if (child.exitCode !== null || child.signalCode !== null) {
          if (said.has(type)) return;
          throw new Error(`${options.name} ended (${String(child.exitCode ?? child.signalCode)}) before it was ${type}`);
        }
        await once(child, 'said');
      }
    },
  };
}

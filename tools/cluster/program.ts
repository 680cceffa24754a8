import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Call } from './serve.ts';

/** A program in a network of its own, or in that of another process. */
export interface Program {
  readonly pid: number;
  call(name: string, argument?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** How to enter the network of a process: for programs that are started there. */
export function entering(pid: number): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

/** Starts a file that calls `serve`. @param networkOf - a process whose network it shares; without it it gets a new one, with nothing in it */
export async function startProgram(file: URL, networkOf?: number): Promise<Program> {
  const [command = '', ...args] = networkOf === undefined ? ['unshare', '--net'] : entering(networkOf);
  const child = spawn(command, [...args, process.execPath, fileURLToPath(file)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const program = new RunningProgram(child);
  await program.ready;
  return program;
}

class RunningProgram implements Program {
  readonly ready: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ready = this.#await(0);
    child.on('message', (answer: Answer) => {
      const open = this.#open.get(answer.id);
      this.#open.delete(answer.id);
      if ('error' in answer) open?.reject(new Error(answer.error));
      else open?.resolve(answer.result);
    });
    const gone = (reason: unknown) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${child.spawnargs.at(-1)} ended (${String(reason)})`));
    };
    child.once('error', gone).once('exit', (code, signal) => gone(signal ?? code));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  call(name: string, argument?: unknown): Promise<unknown> {
    const call: Call = { id: (this.#last += 1), name, argument };
    const answer = this.#await(call.id);
    this.#child.send(call);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #await(id: number): Promise<unknown> {
    const open = Promise.withResolvers<unknown>();
    this.#open.set(id, open);
    return open.promise;
  }
}

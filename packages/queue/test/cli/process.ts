import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process of `nines-queue`. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when the standard output holds this text. */
  readonly printed: (text: string) => Promise<void>;
  readonly signal: (name: 'SIGINT' | 'SIGKILL') => void;
  readonly type: (text: string) => void;
}

const unset = new Set(['REDIS_URL', 'NO_COLOR', 'FORCE_COLOR']);

/** The real process, its input no terminal; the address of Redis is in its environment. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, command: readonly string[] = program(args)): Running {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !unset.has(name)));
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...inherited, REDIS_URL: inject('redisUrl'), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    for (const watcher of watchers) watcher();
  });
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return {
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
    printed: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!out.includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    signal: (name) => void child.kill(name),
    type: (text) => void child.stdin.write(text),
  };
}

/** What starts `nines-queue` from its sources. */
export const program: (args: readonly string[]) => string[] = (args) => [process.execPath, '--conditions=@nines/source', CLI, ...args];
export const cli: (...args: string[]) => Promise<Ended> = (...args) => start(args).ended;
export const json: (text: string) => unknown = (text) => JSON.parse(text) as unknown;

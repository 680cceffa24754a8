import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One line that a service wrote: the fields of a JSON log line, or the bare text under `msg`. */
export interface LogLine {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A service of the example in a process of its own. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The latest lines, at most 20 000. */
  readonly lines: readonly LogLine[];
  readonly ended: Promise<Ended>;
  /** The first line, written already or yet to come, that matches; rejects when the process ends without one. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine>;
  onLine(listener: (line: LogLine) => void): void;
  /** Signals the process, once, and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

const LINES_MAX = 20_000;
const followParent = new URL('follow-parent.ts', import.meta.url).href;

/**
 * Starts a TypeScript file as a service. It gets a process group of its own, so that Ctrl-C reaches only the demo, which
 * then stops the services in order, and it ends by itself when the demo is gone.
 */
export function startChild(name: string, file: URL, env: Readonly<Record<string, string>>, args: readonly string[] = []): Child {
  const node = ['--conditions=@nines/source', `--import=${followParent}`];
  const child = spawn(process.execPath, [...node, fileURLToPath(file), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: process.platform !== 'win32',
  });
  return followChild(name, child);
}

/** A process that somebody has started already, with pipes. */
export function followChild(name: string, child: ChildProcessByStdio<Writable, Readable, Readable>): Child {
  child.stdin.on('error', () => {});
  const ended = closed(child);
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      const line = { text, fields: parse(text) };
      lines.push(line);
      if (lines.length > LINES_MAX) lines.shift();
      for (const listener of listeners) listener(line);
    });
  }
  return {
    name,
    pid: child.pid ?? 0,
    lines,
    ended,
    line: (matches) => firstLine(name, lines, listeners, ended, matches),
    onLine: (listener) => void listeners.add(listener),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** `close` comes after the last output, `exit` may come before it. */
async function closed(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ended> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function firstLine(
  name: string,
  lines: readonly LogLine[],
  listeners: Set<(line: LogLine) => void>,
  ended: Promise<Ended>,
  matches: (line: LogLine) => boolean,
): Promise<LogLine> {
  const found = lines.find(matches);
  if (found !== undefined) return Promise.resolve(found);
  return new Promise((resolve, reject) => {
    const listener = (line: LogLine) => {
      if (!matches(line)) return;
      listeners.delete(listener);
      resolve(line);
    };
    listeners.add(listener);
    void ended.then(({ code, signal }) => reject(new Error(`${name} ended (${signal ?? code}). ${lastWords(lines)}`)));
  });
}

/** What a process said last, for an error message. */
export function lastWords(lines: readonly LogLine[]): string {
  const last = lines.slice(-5).map(({ text }) => `  ${text.slice(0, 500)}`);
  return last.length === 0 ? 'It said nothing.' : `It said last:\n${last.join('\n')}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not every line is JSON: Node's own warnings are not.
  }
  return { msg: text };
}

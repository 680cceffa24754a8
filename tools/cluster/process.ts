import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Line {
  readonly text: string;
  /** The fields of a JSON line; none of any other. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A process that writes lines. */
export interface Process {
  readonly name: string;
  readonly lines: readonly Line[];
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** The first line that matches, there already or yet to come; rejects when the process ends without one. */
  line(matches: (line: Line) => boolean): Promise<Line>;
  onLine(listener: (line: Line) => void): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program whose lines are kept. */
export function startProcess(name: string, [program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Process {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals | null);
  const lines: Line[] = [];
  const listeners = new Set<(line: Line) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      const line = { text, fields: fieldsOf(text) };
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  return {
    name,
    lines,
    ended,
    onLine: (listener) => void listeners.add(listener),
    kill: (signal) => void child.kill(signal),
    line(matches) {
      const found = lines.find(matches);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        listeners.add((line) => matches(line) && resolve(line));
        void ended.then((how) => reject(new Error(`${name} ended (${how}): ${lastWords(lines)}`)));
      });
    },
  };
}

function lastWords(lines: readonly Line[]): string {
  return lines
    .slice(-5)
    .map(({ text }) => text.slice(0, 500))
    .join('\n');
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A JSON line that a child process wrote. */
export type Line = Readonly<Record<string, unknown>>;

/** A clean end. */
export const cleanExit: { readonly code: 0; readonly stderr: '' } = { code: 0, stderr: '' };

/** The text of a field. */
export function field(line: Line, name: string): string {
  const value = line[name];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A child process whose lines can be waited for. */
export interface Child {
  readonly process: ChildProcess;
  /** Each JSON line so far. */
  readonly lines: readonly Line[];
  /** The first line that fits, now or later; rejects when the process ends without it. */
  line(fits: (line: Line) => boolean): Promise<Line>;
  /** The exit code, or the signal, and what came on standard error. */
  readonly exit: Promise<{ readonly code: number | string | null; readonly stderr: string }>;
}

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));

/** Starts a fixture with this Node.js on the package's sources. */
export function startChild(
  file: string,
  options: { readonly flags?: readonly string[]; readonly env?: Record<string, string> } = {},
): Child {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|NINES_|NODE_|VITEST)/u.test(name)));
  const child = spawn(process.execPath, ['--conditions=@nines/source', ...(options.flags ?? []), `${fixtures}${file}`], {
    cwd: fixtures,
    env: { ...inherited, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let errors = '';
  let ended = false;
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.startsWith('{')) lines.push(JSON.parse(part) as Line);
    for (const look of waiting) look();
  });
  const exit = new Promise<{ code: number | string | null; stderr: string }>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      for (const look of waiting) look();
      resolve({ code: code ?? signal, stderr: errors });
    });
  });
  const line = (fits: (line: Line) => boolean): Promise<Line> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(fits);
        if (found === undefined && !ended) return;
        waiting.delete(look);
        if (found === undefined) reject(new Error(`no such line; standard error: ${errors}`));
        else resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { process: child, lines, line, exit };
}

/** One line of the development exporter. */
export interface SpanLine {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The spans that were written to a file. */
export function readSpans(file: string): SpanLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as SpanLine);
}

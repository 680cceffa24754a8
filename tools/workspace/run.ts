import { spawn } from 'node:child_process';

export interface Ran {
  readonly status: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gives up, with status 124, after this time. */
  readonly timeoutMs?: number;
  /** Asks the command to end, by SIGTERM, as soon as it has printed this. */
  readonly terminateOn?: string;
  /** Lets the command write to our own output instead of keeping it. */
  readonly live?: boolean;
}

/** Runs a command to its end; never throws because of its status. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = '', ...args] = command;
  const began = performance.now();
  return new Promise((resolve) => {
    const stdio = options.live === true ? 'inherit' : (['ignore', 'pipe', 'pipe'] as const);
    const env = { ...process.env, ...options.env };
    // npm is a batch file on Windows, which only a shell starts.
    const shell = process.platform === 'win32' && program === 'npm';
    const child = spawn(program, args, { shell, cwd: options.cwd, env, stdio: typeof stdio === 'string' ? stdio : [...stdio] });
    let output = '';
    let late = false;
    let asked = false;
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      if (options.terminateOn !== undefined && !asked && output.includes(options.terminateOn)) asked = child.kill('SIGTERM');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const timer = setTimeout(() => (late = child.kill('SIGKILL')), options.timeoutMs ?? 2_147_483_647);
    const finish = (status: number) => {
      clearTimeout(timer);
      resolve({ status, output, seconds: (performance.now() - began) / 1_000 });
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.once('close', (code) => finish(late ? 124 : (code ?? 1)));
  });
}

/** Like {@link run}, but a status other than 0 is an error that carries the output. */
export async function runOk(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, output } = await run(command, options);
  if (status !== 0) throw new Error(`"${command.join(' ')}" ended with ${status}:\n${output}`);
  return output;
}

/** Maps with at most `limit` at a time, results in order. */
export async function mapLimit<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

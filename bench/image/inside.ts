import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** What one start inside of a container took. */
export interface Started {
  /** From spawning `node -e 0` to its end. */
  readonly bareMs: number;
  /** From spawning the service to its line "listening", or "health check up" where it listens for nothing else. */
  readonly startMs: number;
  readonly memoryMiB: number;
  /** From SIGTERM to the end. */
  readonly stopMs: number;
  readonly exit: number | null;
}

// This file is not imported: its text is handed to the image's own Node, which is all that is inside, so that both starts are measured there.

async function bare(): Promise<number> {
  const start = performance.now();
  await once(spawn(process.execPath, ['--eval', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - start;
}

async function until(child: ChildProcess, message: string): Promise<number> {
  const output = child.stdout;
  if (output === null) throw new Error('the service has no output');
  const said: string[] = [];
  for await (const line of createInterface({ input: output })) {
    said.push(line);
    if (line.includes(`"msg":"${message}"`)) {
      output.resume();
      return performance.now();
    }
  }
  throw new Error(`the service ended before "${message}": ${said.join('\n')}`);
}

async function measure(file: string, message: string): Promise<Started> {
  const bareMs = await bare();
  const start = performance.now();
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const startMs = (await until(child, message)) - start;
  const resident = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const asked = performance.now();
  child.kill('SIGTERM');
  const [exit] = await ended;
  return { bareMs, startMs, memoryMiB: Number(resident) / 1024, stopMs: performance.now() - asked, exit };
}

const { MEASURED_FILE = '', MEASURED_LINE = '' } = process.env;
console.log(JSON.stringify(await measure(MEASURED_FILE, MEASURED_LINE)));

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../workspace/packages.ts';
import type { DescribedProcess, Description } from './description.ts';
import { CannotVerify, type Part, type Target } from './target.ts';

/** The processes of a running demo, as it described them with `--describe FILE`. */
export function localTarget(file: string): Target {
  const { apiUrl, processes, tracesUrl, prometheusUrl } = readDescription(file);
  return {
    parts: 'processes',
    look: () => Promise.all(processes.map(partOf)),
    open: async () => ({ url: apiUrl, close() {} }),
    async logs(service) {
      const logs = processes.filter(({ name }) => name === service).map(({ log }) => readFileSync(log, 'utf8'));
      return logs.join('');
    },
    tracesUrl,
    prometheusUrl,
  };
}

function readDescription(file: string): Description {
  const command = `npm run demo -- --describe ${file}`;
  if (!existsSync(file)) throw new CannotVerify(`there is no ${file}: the demo does not run, or was not told to describe itself`, command);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Description;
  } catch (error) {
    throw new CannotVerify(`${file} is not what the demo writes (${(error as Error).message})`, command);
  }
}

async function partOf({ name, pid, probesUrl }: DescribedProcess): Promise<Part> {
  const part = `${name}-${pid}`;
  if (!runs(pid)) return { name: part, ready: false, reason: 'ended' };
  if (probesUrl === undefined) return { name: part, ready: true };
  try {
    const { status } = await fetch(`${probesUrl}/readyz`, { signal: AbortSignal.timeout(2000) });
    return status === 200 ? { name: part, ready: true } : { name: part, ready: false, reason: `/readyz says ${status}` };
  } catch (error) {
    return { name: part, ready: false, reason: `/readyz does not answer (${(error as Error).name})` };
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface RunningDemo {
  readonly file: string;
  stop(): Promise<void>;
}

const DEMO_START_MS = 120_000;

/** Starts the demo, in a queue of its own, and waits until it has described itself. */
export async function startDemo(): Promise<RunningDemo> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-verify-'));
  const file = join(folder, 'demo.json');
  const main = join(ROOT, 'examples/gke-app/demo/main.ts');
  const env = { ...process.env, QUEUE_NAMESPACE: `verify-${randomUUID()}` };
  const child = spawn(process.execPath, ['--conditions=@nines/source', main, '--describe', file, '--rate', '1'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const end = Date.now() + DEMO_START_MS; !existsSync(file); await delay(100)) {
    if (child.exitCode === null && Date.now() < end) continue;
    await stop();
    throw new CannotVerify(`the demo does not start: ${said.trim() || 'no answer in time'}`, 'npm run demo -- --once');
  }
  return { file, stop };
}

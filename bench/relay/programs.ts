import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { bundleProgram } from '../../tools/bundle/bundle.ts';

export type PeerName = 'nines' | 'bullmq' | 'fastify alone';

/** What bullmq and its like use when it is there. */
const ABSENT = ['supports-color', '@valkey/valkey-glide', 'pg'];
const ENTRIES = {
  'nines-api': 'examples/gke-app/src/api/main.ts',
  'nines-worker': 'examples/gke-app/src/worker/main.ts',
  'bullmq-api': 'bench/relay/peers/bullmq-api.ts',
  'bullmq-worker': 'bench/relay/peers/bullmq-worker.ts',
  'fastify alone-api': 'bench/relay/peers/bare.ts',
} as const;
type Program = keyof typeof ENTRIES;

/** A service that runs. */
export interface Service {
  readonly pid: number;
  /** Where it listens; empty for a worker. */
  readonly url: string;
  /** From the start of the process to the line that says it listens. */
  readonly startMs: number;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** The bundles of all services, in a folder of their own. */
export interface Programs {
  start(program: Program, env: Readonly<Record<string, string>>): Promise<Service>;
  remove(): void;
}

/** Bundles every service, as the example's are for their image: that is what is measured. */
export async function bundlePrograms(): Promise<Programs> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-relay-'));
  const fileOf = (program: Program) => join(folder, `${program.replace(' ', '-')}.mjs`);
  const entries = Object.entries(ENTRIES) as [Program, string][];
  await Promise.all(entries.map(([program, entry]) => bundleProgram(entry, fileOf(program), ABSENT)));
  let serial = 0;
  return {
    start: (program, env) => startProgram(program, fileOf(program), env, join(folder, `${(serial += 1)}.log`)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const READY = /^\{.*"msg":"(?:listening|consuming)".*\}$/m;
const START_MAX_MS = 30_000;

/** Its lines go to a file, which costs the same whoever writes; a pipe would cost who reads it. */
async function startProgram(name: string, file: string, env: Readonly<Record<string, string>>, log: string): Promise<Service> {
  const output = openSync(log, 'w');
  const began = Date.now();
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', PORT: '0', PROBES_PORT: '0', ...env },
    stdio: ['ignore', output, output],
  });
  const exited = once(child, 'exit');
  closeSync(output);
  let ready: string | undefined;
  while ((ready = READY.exec(readFileSync(log, 'utf8'))?.[0]) === undefined) {
    if (child.exitCode !== null || Date.now() - began > START_MAX_MS)
      throw new Error(`${name} did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    await wait(5);
  }
  const { time, url = '' } = JSON.parse(ready) as { time: string | number; url?: string };
  return {
    pid: child.pid ?? 0,
    url,
    startMs: new Date(time).getTime() - began,
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
      const lastLines = readFileSync(log, 'utf8').slice(-2000);
      rmSync(log, { force: true });
      if (code !== 0) throw new Error(`${name} ended with ${String(signal ?? code)}:\n${lastLines}`);
    },
  };
}

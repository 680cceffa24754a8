import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Tools } from './field.ts';

const run = promisify(execFile);

/** What it ran on, in words that name no machine. */
export async function versionsOf({ redisProgram, prometheusProgram }: Pick<Tools, 'redisProgram' | 'prometheusProgram'>): Promise<string> {
  const redis = /v=([\d.]+)/.exec((await run(redisProgram, ['--version'])).stdout)?.[1] ?? 'of an unknown version';
  const { stdout, stderr } = await run(prometheusProgram, ['--version']);
  const prometheus = /version ([\d.]+)/.exec(stdout + stderr)?.[1] ?? 'of an unknown version';
  return `Node.js ${process.versions.node}, Redis ${redis}, Prometheus ${prometheus}, ${availableParallelism()} processors`;
}

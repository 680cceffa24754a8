import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// Why this file: to push, sign and verify for real needs a registry; this is Docker's own, on loopback, with nothing in it.

export interface Registry {
  /** HOST:PORT. */
  readonly address: string;
  stop(): Promise<void>;
}

/** @throws Error with what the program wrote when it ends before it listens. */
export async function startRegistry(program: string): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'nines-registry-'));
  const file = join(folder, 'config.yml');
  await writeFile(file, `version: 0.1\nstorage:\n  filesystem: { rootdirectory: ${join(folder, 'data')} }\nhttp: { addr: 127.0.0.1:0 }\n`);
  const child = spawn(program, ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill()) await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address !== undefined) {
      child.stderr.resume();
      return { address, stop };
    }
    said.push(line);
  }
  await stop();
  throw new Error(`${program} did not start: ${said.join('\n')}`);
}

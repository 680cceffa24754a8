import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { strangerEnv } from '../../tools/stranger/stranger.ts';
import { run } from '../../tools/workspace/run.ts';

const folder = inject('strangerFolder');
const url = inject('packedRedisUrl');

/** The command as a stranger has it, from the tarball. */
async function queue(...args: string[]): Promise<string> {
  const command = [join(folder, 'node_modules', '.bin', 'nines-queue'), ...args, '--queue', 'packed', '--redis', url];
  const { status, output } = await run(command, { cwd: folder, env: strangerEnv(), timeoutMs: 60_000 });
  expect({ status, output }).toMatchObject({ status: 0 });
  return output;
}

test.skipIf(url === '')('nines-queue of the tarball imports dead letters, redrives and shows them', async () => {
  const line = { v: 1, namespace: 'default', queue: 'packed', id: 'a', reason: 'rejected', failedAttempts: 1, payload: { sku: 'A-1' } };
  writeFileSync(join(folder, 'dead.jsonl'), `${JSON.stringify(line)}\n`);
  expect(JSON.parse(await queue('import', 'dead.jsonl', '--partitions', '1', '--json'))).toMatchObject({ added: 1 });
  expect(JSON.parse(await queue('redrive', 'reason=rejected', '--yes', '--json'))).toMatchObject({ redriven: 1, left: 0 });
  expect(JSON.parse(await queue('peek', '--payload', '--json'))).toMatchObject([{ id: 'a', state: 'waiting', payload: { sku: 'A-1' } }]);
});

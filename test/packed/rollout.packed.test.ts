import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createInspector, defineQueue } from '@nines/queue';
import identity from '../../tools/identity/identity.json' with { type: 'json' };
import { createStranger, strangerEnv, versionHere } from '../../tools/stranger/stranger.ts';
import { listPackages } from '../../tools/workspace/packages.ts';
import { runOk } from '../../tools/workspace/run.ts';

const JOBS = 200;

/** A process of one release: it produces, or consumes with retries and follow-ups, or both, and tells each job that it has done. */
const PROGRAM = `
import { createConsumer, createProducer, defineQueue, fixed } from '@nines/queue';
import { Redis } from 'ioredis';
const [url, name, label, role] = process.argv.slice(2);
const redis = new Redis(url);
const queue = defineQueue({ name, backoff: fixed(1), completed: { count: 10000, ageMs: 600000 } });
const producer = createProducer(queue, { redis });
const tell = (payload) => console.log(JSON.stringify({ by: label, payload }));
const consumer = createConsumer(queue, async ({ payload }, context) => {
  if (payload.endsWith('7') && context.attempt === 1) throw new Error('the first attempt');
  if (payload.endsWith('3')) await context.enqueue(queue, payload + '-followed');
  tell(payload);
}, { redis, concurrency: 8 });
process.on('SIGTERM', async () => {
  await consumer.stop();
  await producer.close();
  redis.disconnect();
});
await producer.ready();
tell('ready');
if (role !== 'produce') await consumer.start();
if (role !== 'consume') {
  for (let n = 0; n < ${JOBS}; n += 1) {
    const options = n % 3 === 0 ? { id: role + label + n } : n % 3 === 1 ? { delayMs: 2 } : { deadlineMs: 600000 };
    await producer.enqueue([role, label, n].join('-'), options);
  }
}
`;

type Role = 'produce' | 'consume' | 'both';
type Label = 'before' | 'after';

interface Told {
  readonly by: string;
  readonly payload: string;
}

/** Runs the program of one installation; `told` gets what it has done. */
async function start(folder: string, name: string, label: Label, role: Role, told: Told[]): Promise<{ stop(): Promise<void> }> {
  writeFileSync(join(folder, 'rollout.mjs'), PROGRAM);
  const child = spawn(process.execPath, ['rollout.mjs', inject('packedRedisUrl'), name, label, role], {
    cwd: folder,
    env: { ...process.env, ...strangerEnv() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const ready = once(lines, 'line');
  await ready;
  lines.on('line', (line) => told.push(JSON.parse(line) as Told));
  return {
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** What comes of the jobs of one process, sorted. */
function jobsOf(role: Role, label: Label): string[] {
  const payloads = Array.from({ length: JOBS }, (_, n) => `${role}-${label}-${n}`);
  return [...payloads, ...payloads.filter((payload) => payload.endsWith('3')).map((payload) => `${payload}-followed`)];
}

/** Whatever one of two installations enqueues the other can do, and both can work on one queue at the same time. */
async function rollOut(name: string, folders: Readonly<Record<Label, string>>): Promise<void> {
  const rounds: readonly Readonly<Record<Label, Role>>[] = [
    { before: 'produce', after: 'consume' },
    { before: 'consume', after: 'produce' },
    { before: 'both', after: 'both' },
  ];
  let total = 0;
  for (const roles of rounds) {
    const told: Told[] = [];
    const labels = Object.keys(roles) as Label[];
    const processes = await Promise.all(labels.map((label) => start(folders[label], name, label, roles[label], told)));
    const expected = labels.flatMap((label) => (roles[label] === 'consume' ? [] : jobsOf(roles[label], label)));
    await expect.poll(() => told.length).toBe(expected.length);
    for (const running of processes) await running.stop();
    expect(told.map(({ payload }) => payload).toSorted()).toEqual(expected.toSorted());
    total += expected.length;
  }
  const redis = new Redis(inject('packedRedisUrl'));
  await using inspector = createInspector(defineQueue<string>({ name }), { redis });
  expect(await inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, dead: 0, completed: total });
  redis.disconnect();
}

/** The last release, or why it cannot be tried; before the first one nobody is asked for it, for the name may be another's. */
async function lastRelease(): Promise<{ readonly version: string; readonly reason: string }> {
  if (inject('packedRedisUrl') === '') return { version: '', reason: 'no Redis here' };
  if (listPackages().every(({ manifest }) => manifest.version === '0.0.0')) return { version: '', reason: 'nothing has been released' };
  try {
    const printed = await runOk(['npm', 'view', `${identity.scope}/queue`, 'version', 'repository.url', '--json'], { env: strangerEnv() });
    const published = JSON.parse(printed) as { version: string; 'repository.url': string };
    const ours = published['repository.url'].includes(identity.repository);
    return ours ? { version: published.version, reason: '' } : { version: '', reason: 'the registry has a package of somebody else' };
  } catch {
    return { version: '', reason: 'the registry does not answer' };
  }
}

const { version, reason } = await lastRelease();

test.skipIf(inject('packedRedisUrl') === '')('two installations of the working tree work on one queue', async () => {
  const folder = inject('strangerFolder');
  await expect(rollOut(`rollout-${process.pid}-self`, { before: folder, after: folder })).resolves.toBeUndefined();
});

// Skipped with the reason in its name where there is none, so that the closing line counts it.
test.skipIf(reason !== '')(`the last release and the working tree work on one queue${reason && ` (skipped: ${reason})`}`, async () => {
  const released = createStranger();
  onTestFinished(() => released.remove());
  const peers = await Promise.all(['ioredis', '@opentelemetry/api'].map(async (name) => `${name}@${await versionHere(name)}`));
  await released.install(`${identity.scope}/queue@${version}`, ...peers);
  const folders = { before: released.folder, after: inject('strangerFolder') };
  await expect(rollOut(`rollout-${process.pid}-released`, folders)).resolves.toBeUndefined();
});

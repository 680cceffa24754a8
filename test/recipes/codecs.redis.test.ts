import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsumer, createInspector, createProducer, defineQueue, fixed, type BodyCodec } from '@nines/queue';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { chained } from './chained.ts';
import { compressed } from './compressed.ts';
import { encrypted, type EncryptionOptions } from './encrypted.ts';
import { folder, offloaded } from './offloaded.ts';

interface Page {
  readonly text: string;
}

const secret = { text: 'the secret of a page '.repeat(500) };
let serial = 0;
let name: string;
let redis: Redis;

beforeEach(() => {
  name = `codecs-${process.pid}-${(serial += 1)}`;
  redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
});

const queueWith = (codec?: BodyCodec) =>
  defineQueue<Page>({ name, maxAttempts: 2, backoff: fixed(1), ...(codec === undefined ? {} : { codec }) });

async function enqueue(codec: BodyCodec | undefined, payload: Page, id = 'page'): Promise<void> {
  await using producer = createProducer(queueWith(codec), { redis });
  await producer.enqueue(payload, { id });
}

const stored = async (id = 'page'): Promise<Buffer> => (await redis.hgetBuffer(`{nines:default:0}:${name}:jobs`, id)) ?? Buffer.alloc(0);

/** Runs the job until it is done or dead; resolves to its payload, or to why it is dead. */
async function outcome(codec: BodyCodec | undefined): Promise<unknown> {
  let seen: Page | undefined;
  const consumer = createConsumer(queueWith(codec), ({ payload }) => void (seen = payload), { redis });
  await using inspector = createInspector(queueWith(codec), { redis });
  await consumer.start();
  await expect.poll(async () => seen ?? (await inspector.list('dead'))[0]).toBeDefined();
  await consumer.stop();
  if (seen !== undefined) return seen;
  const [job] = await inspector.list('dead');
  return { deadReason: job?.deadReason, lastError: job?.lastError };
}

async function redrive(): Promise<void> {
  await using inspector = createInspector(queueWith(), { redis });
  expect(await inspector.redrive({ limit: 1 })).toEqual(['page']);
}

describe('compressed', () => {
  test.for(['gzip', 'brotli', 'zstd'] as const)('%s makes a body smaller, and it comes back whole', async (method) => {
    await enqueue(compressed(method), secret);
    const bytes = await stored();
    expect(bytes.length).toBeLessThan(1_000);
    expect(await outcome(compressed(method))).toEqual(secret);
  });

  test('what is small stays as it is, and what was enqueued without a codec is read', async () => {
    await enqueue(compressed('zstd'), { text: 'short' });
    expect((await stored()).toString()).toContain('{"text":"short"}');
    expect(await outcome(compressed('zstd'))).toEqual({ text: 'short' });
    await enqueue(undefined, secret);
    expect(await outcome(compressed('zstd'))).toEqual(secret);
  });

  test('the method may change: each reads what the others wrote', async () => {
    for (const method of ['gzip', 'brotli', 'zstd'] as const) {
      await enqueue(compressed(method), secret);
      expect(await outcome(compressed(method === 'gzip' ? 'zstd' : 'gzip'))).toEqual(secret);
    }
  });

  test('a body that would grow beyond the limit is dead-lettered, not unpacked', async () => {
    await enqueue(compressed('zstd'), { text: '0'.repeat(200_000) });
    expect(await outcome(compressed('zstd', { maxBytes: 100_000 }))).toEqual({
      deadReason: 'attempts-exhausted',
      lastError: expect.stringContaining('larger than 100000 bytes'),
    });
  });
});

describe('encrypted', () => {
  const [k1, k2] = [randomBytes(32), randomBytes(32)];
  const codec = (options: Partial<EncryptionOptions> = {}) => encrypted({ queue: name, keys: { k1 }, current: 'k1', ...options });

  test('nothing of a body can be read in Redis, and it comes back whole', async () => {
    await enqueue(codec(), secret);
    expect((await stored()).toString('latin1')).not.toMatch(/secret|text/);
    expect(await outcome(codec())).toEqual(secret);
  });

  test('two bodies of one payload differ, so a repeated id is never told to have the same body', async () => {
    await using producer = createProducer(queueWith(codec()), { redis });
    await producer.enqueue(secret, { id: 'page' });
    expect(await producer.enqueue(secret, { id: 'page' })).toMatchObject({ created: false, sameBody: false });
  });

  test('with a wrong key a job is dead-lettered at once, and done when it is redriven with the right one', async () => {
    await enqueue(codec(), secret);
    expect(await outcome(codec({ keys: { k1: k2 } }))).toEqual({
      deadReason: 'rejected',
      lastError: expect.stringContaining('the body was changed, or encrypted by another key of this id'),
    });
    await redrive();
    expect(await outcome(codec())).toEqual(secret);
  });

  test('a body that was changed in Redis is dead-lettered at once', async () => {
    await enqueue(codec(), secret);
    const bytes = await stored();
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await redis.hset(`{nines:default:0}:${name}:jobs`, 'page', bytes);
    expect(await outcome(codec())).toMatchObject({ deadReason: 'rejected' });
  });

  test('no bit of what is stored can be changed, and nothing cut off', async () => {
    const { encode, decode } = codec({ keys: { k1, k2 } });
    const bytes = Buffer.from(await encode(Buffer.from('{"text":"secret"}')));
    expect(Buffer.from(await decode(bytes)).toString()).toBe('{"text":"secret"}');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decode(changed), `bit ${bit}`).toThrow(/not encrypted|there is no key|was changed/);
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decode(bytes.subarray(0, length)), `${length} bytes`).toThrow(/not encrypted|there is no key|was changed/);
    }
  });

  test('after a rotation old bodies are read, new ones have the new key, and a key that is missing is waited for', async () => {
    const rotated = codec({ keys: { k1, k2 }, current: 'k2' });
    const pruned = codec({ keys: { k2 }, current: 'k2' });
    await enqueue(codec(), secret);
    expect(await outcome(rotated)).toEqual(secret);
    await enqueue(rotated, secret);
    expect((await stored()).toString('latin1')).toContain('\u0010\u0002k2');
    expect(await outcome(pruned)).toEqual(secret);
    await enqueue(codec(), secret);
    expect(await outcome(pruned)).toEqual({
      deadReason: 'attempts-exhausted',
      lastError: expect.stringContaining('there is no key k1 of 32 bytes here'),
    });
    await redrive();
    expect(await outcome(rotated)).toEqual(secret);
  });

  test('a body of another queue is refused, and so is one that was never encrypted, unless it is allowed', async () => {
    await enqueue(codec({ queue: 'another' }), secret);
    expect(await outcome(codec())).toMatchObject({ deadReason: 'rejected' });
    await redis.del(`{nines:default:0}:${name}:dead`, `{nines:default:0}:${name}:jobs`, `{nines:default:0}:${name}:failures`);
    await enqueue(undefined, secret);
    expect(await outcome(codec())).toMatchObject({
      deadReason: 'rejected',
      lastError: expect.stringContaining('the body is not encrypted'),
    });
    await redrive();
    expect(await outcome(codec({ plain: true }))).toEqual(secret);
  });

  test('a key that is missing or of another length is refused at the start', () => {
    expect(() => codec({ current: 'k9' })).toThrow('there is no key k9 of 32 bytes here');
    expect(() => codec({ keys: { k1: randomBytes(16) } })).toThrow('there is no key k1 of 32 bytes here');
  });
});

describe('offloaded', () => {
  const shared = () => {
    const path = mkdtempSync(join(tmpdir(), 'nines-blobs-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  test('a large body is in the folder and a reference in Redis; a small one stays', async () => {
    const path = shared();
    const codec = offloaded(folder(path), { fromBytes: 1_000 });
    await enqueue(codec, { text: 'short' });
    expect(await outcome(codec)).toEqual({ text: 'short' });
    expect(readdirSync(path)).toEqual([]);
    await enqueue(codec, secret);
    expect((await stored()).length).toBeLessThan(200);
    expect(readdirSync(path)).toHaveLength(1);
    expect(await outcome(codec)).toEqual(secret);
  });

  test('one body is stored once, and a repeated id is told to have the same body', async () => {
    const path = shared();
    await using producer = createProducer(queueWith(offloaded(folder(path), { fromBytes: 1_000 })), { redis });
    await producer.enqueue(secret, { id: 'page' });
    expect(await producer.enqueue(secret, { id: 'page' })).toMatchObject({ created: false, sameBody: true });
    expect(readdirSync(path)).toHaveLength(1);
  });

  test('a blob that is missing or damaged is a failed attempt; the job is done when it is redriven with the blob there', async () => {
    const path = shared();
    const codec = offloaded(folder(path), { fromBytes: 1_000 });
    await enqueue(codec, secret);
    const [key = ''] = readdirSync(path);
    writeFileSync(join(path, key), 'damaged');
    expect(await outcome(codec)).toMatchObject({
      deadReason: 'attempts-exhausted',
      lastError: expect.stringContaining(`the blob ${key} is damaged`),
    });
    rmSync(join(path, key));
    await redrive();
    expect(await outcome(codec)).toMatchObject({ deadReason: 'attempts-exhausted', lastError: expect.stringContaining('ENOENT') });
    writeFileSync(join(path, key), JSON.stringify(secret));
    await redrive();
    expect(await outcome(codec)).toEqual(secret);
  });
});

test('chained: a body is compressed, then encrypted, then stored elsewhere, and comes back whole', async () => {
  const path = mkdtempSync(join(tmpdir(), 'nines-blobs-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const codec = chained(
    compressed('zstd'),
    encrypted({ queue: name, keys: { k1: randomBytes(32) }, current: 'k1' }),
    offloaded(folder(path), { fromBytes: 50 }),
  );
  await enqueue(codec, secret);
  const [key = ''] = readdirSync(path);
  const bytes = readFileSync(join(path, key));
  expect(bytes[0]).toBe(16);
  expect(bytes.length).toBeLessThan(1_000);
  expect(await outcome(codec)).toEqual(secret);
});

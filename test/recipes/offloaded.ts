import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BodyCodec } from '@nines/queue';

/** Where large bodies are: a bucket, a folder. `put` of what is there already must do no harm. */
export interface Blobs {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array>;
}

/** First byte of a reference; no JSON begins with it. The SHA-256 of the body follows, which is also its key. */
const REFERENCE = 4;

/** Stores bodies of `fromBytes` and more elsewhere, and a reference of 33 bytes in Redis. */
export function offloaded(blobs: Blobs, { fromBytes = 65_536 }: { fromBytes?: number } = {}): BodyCodec {
  return {
    async encode(bytes) {
      if (bytes.length < fromBytes) return bytes;
      const digest = createHash('sha256').update(bytes).digest();
      await blobs.put(digest.toString('hex'), bytes);
      return Buffer.concat([Buffer.of(REFERENCE), digest]);
    },
    async decode(stored) {
      if (stored[0] !== REFERENCE) return stored;
      const key = Buffer.from(stored.subarray(1)).toString('hex');
      const bytes = await blobs.get(key);
      if (createHash('sha256').update(bytes).digest('hex') !== key) throw new Error(`the blob ${key} is damaged`);
      return bytes;
    },
  };
}

/** A folder that producers and consumers share. A file is there whole or not at all. */
export function folder(path: string): Blobs {
  return {
    async put(key, bytes) {
      await mkdir(path, { recursive: true });
      const unfinished = join(path, randomUUID());
      await writeFile(unfinished, bytes);
      await rename(unfinished, join(path, key));
    },
    get: (key) => readFile(join(path, key)),
  };
}

import { QueueError } from '../errors.ts';
import type { NewJob } from '../store.ts';
import { messagePack } from './message-pack.ts';

/*
 * Many values as one argument or one reply, in MessagePack, which Redis's Lua reads and writes in C: a client and Redis each spend
 * more on an argument or an element of a reply than on the job that is in it.
 */

const FALSE = 0xc2;
const NIL = 0xc0;
const FLOAT_64 = 0xcb;
const STRING_8 = 0xd9;
const STRING_16 = 0xda;
const STRING_32 = 0xdb;
const ARRAY_16 = 0xdc;
const ARRAY_32 = 0xdd;

/**
 * The jobs of a call as enqueue.lua reads them: `id delayMs fresh|more envelope`, and so on. Ids, keys and places are ASCII; ids have 128 bytes at most.
 * A job with more than most has a map in the place of `fresh`, so that the others pay nothing for it.
 */
export function packJobs(jobs: readonly NewJob[]): Buffer {
  let size = 5;
  const more = new Map<NewJob, Buffer>();
  for (const job of jobs) {
    const packed = packMore(job);
    if (packed !== undefined) more.set(job, packed);
    size += job.id.length + job.envelope.length + 17 + (packed?.length ?? 0);
  }
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = ARRAY_32;
  let at = bytes.writeUInt32BE(4 * jobs.length, 1);
  for (const job of jobs) {
    const { id, delayMs, fresh, envelope } = job;
    bytes[at] = STRING_8;
    bytes[at + 1] = id.length;
    at += 2 + bytes.write(id, at + 2, 'latin1');
    if (delayMs === 0) bytes[at++] = 0;
    else {
      bytes[at] = FLOAT_64;
      at = bytes.writeDoubleBE(delayMs, at + 1);
    }
    const packed = more.size === 0 ? undefined : more.get(job);
    if (packed === undefined) bytes[at++] = fresh ? 1 : 0;
    else at += packed.copy(bytes, at);
    bytes[at] = STRING_32;
    at = bytes.writeUInt32BE(envelope.length, at + 1);
    bytes.set(envelope, at);
    at += envelope.length;
  }
  return bytes.subarray(0, at);
}

/** What a job has besides, as enqueue.lua and follow.lua read it; undefined for nearly all jobs. */
export function packMore({ fresh, place, deduplicate }: NewJob): Buffer | undefined {
  if (place === undefined && deduplicate === undefined) return undefined;
  return messagePack({ f: fresh ? 1 : 0, p: place, k: deduplicate?.key, t: deduplicate?.ttlMs });
}

/** Small envelopes come packed behind their ids, large ones as they are. */
export type PackedClaim = Buffer | readonly [ids: Buffer, bodies: readonly (Buffer | null)[]];

/** What exchange.lua packed: ids, and their envelopes without a copy; undefined where an envelope is missing. */
export function unpackClaim(claim: PackedClaim): { readonly ids: string[]; readonly bodies: (Buffer | undefined)[] } {
  if (!Buffer.isBuffer(claim)) return { ids: unpackIds(new Reader(claim[0])), bodies: claim[1].map((body) => body ?? undefined) };
  if (claim.length === 0) return { ids: [], bodies: [] };
  const reader = new Reader(claim);
  const ids = unpackIds(reader);
  const bodies = Array.from({ length: reader.listLength() }, () => {
    const from = reader.string();
    return from < 0 ? undefined : claim.subarray(from, reader.at);
  });
  return { ids, bodies };
}

function unpackIds(reader: Reader): string[] {
  return Array.from({ length: reader.listLength() }, () => reader.bytes.toString('latin1', reader.string(), reader.at));
}

/** Reads the few formats that `cmsgpack.pack` writes for lists of strings, one value after the other. */
class Reader {
  readonly bytes: Buffer;
  /** Where the next value starts, which is where the last one ended. */
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  listLength(): number {
    const format = this.#byte();
    if (format >= 0x90 && format <= 0x9f) return format & 0x0f;
    if (format === ARRAY_16) return this.#size(2);
    if (format === ARRAY_32) return this.#size(4);
    return unreadable(format);
  }

  /** Goes past a string; returns where it started, or -1 if there is none. */
  string(): number {
    const format = this.#byte();
    if (format === FALSE || format === NIL) return -1;
    const length = this.#stringLength(format);
    this.at += length;
    return this.at - length;
  }

  #stringLength(format: number): number {
    if (format >= 0xa0 && format <= 0xbf) return format & 0x1f;
    if (format === STRING_8) return this.#byte();
    if (format === STRING_16) return this.#size(2);
    if (format === STRING_32) return this.#size(4);
    return unreadable(format);
  }

  #byte(): number {
    return this.bytes[this.at++]!;
  }

  #size(length: 2 | 4): number {
    this.at += length;
    return this.bytes.readUIntBE(this.at - length, length);
  }
}

function unreadable(format: number): never {
  throw new QueueError('REDIS_REFUSED', `Redis answered with MessagePack of format ${format}, which no script sends`);
}

import { hash } from 'node:crypto';
import { QueueError } from './errors.ts';

/** Trace context as it travels with a job; `trace` is 16 bytes of trace id, 8 of span id and the flags. */
export interface CarriedContext {
  readonly trace?: Buffer | undefined;
  readonly state?: string | undefined;
  readonly baggage?: string | undefined;
}

export interface Envelope extends CarriedContext {
  /** How long after its enqueue a job is still of use, in milliseconds. */
  readonly deadlineMs?: number | undefined;
  /** 16 bytes of SHA-256 of the body, where the caller gave the id: tells whether two enqueues of it mean the same. */
  readonly digest?: Buffer | undefined;
  /** Whether the job's spans begin a trace of their own, linked to the one that enqueued it: they come much later. */
  readonly linked?: boolean;
  readonly body: Buffer;
}

/** An envelope with what Redis wrote into it. */
export interface StoredEnvelope extends Envelope {
  readonly enqueuedAtMs: number;
  /** Whether the job was a dead letter once; an operator started its life anew then. */
  readonly redriven: boolean;
}

/**
 * The stored form of a job. Redis puts its own time in front (6 bytes), which the reader cuts off again.
 *
 *   version 1 | flags 1 | digest 16? | deadline 6? | trace 25? | state 2 + n? | baggage 2 + n? | body
 *
 * Versions are never reused: a reader refuses one that it does not know, and the job is dead-lettered as unreadable.
 */
const VERSION = 1;
const TRACE = 1;
const STATE = 2;
const BAGGAGE = 4;
const DEADLINE = 8;
const DIGEST = 16;
/** Set by redrive.lua. */
const REDRIVEN = 32;
const LINKED = 64;
const TRACE_BYTES = 25;
const DEADLINE_BYTES = 6;
const DIGEST_BYTES = 16;
/** Bytes of the time that Redis puts in front of an envelope. */
export const STAMP_BYTES = 6;
const CONTEXT_BYTES_MAX = 8192;

export function encodeEnvelope({ linked, digest, deadlineMs, trace, state, baggage, body }: Envelope): Buffer {
  const first = bounded(state);
  const second = bounded(baggage);
  const flags =
    (trace === undefined ? 0 : TRACE) |
    (first === undefined ? 0 : STATE) |
    (second === undefined ? 0 : BAGGAGE) |
    (deadlineMs === undefined ? 0 : DEADLINE) |
    (digest === undefined ? 0 : DIGEST) |
    (linked === true ? LINKED : 0);
  const fixed = 2 + (trace === undefined ? 0 : TRACE_BYTES) + (deadlineMs === undefined ? 0 : DEADLINE_BYTES) + (digest?.length ?? 0);
  const bytes = Buffer.allocUnsafe(fixed + sizeOf(first) + sizeOf(second) + body.length);
  bytes[0] = VERSION;
  bytes[1] = flags;
  let at = 2;
  if (digest !== undefined) {
    bytes.set(digest, at);
    at += DIGEST_BYTES;
  }
  if (deadlineMs !== undefined) at = bytes.writeUIntBE(deadlineMs, at, DEADLINE_BYTES);
  if (trace !== undefined) {
    bytes.set(trace, at);
    at += TRACE_BYTES;
  }
  for (const text of [first, second]) {
    if (text === undefined) continue;
    at = bytes.writeUInt16BE(text.length, at);
    bytes.set(text, at);
    at += text.length;
  }
  bytes.set(body, at);
  return bytes;
}

function sizeOf(text: Buffer | undefined): number {
  return text === undefined ? 0 : 2 + text.length;
}

/** What two bodies are compared by. */
export function digestOf(body: Buffer): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, DIGEST_BYTES);
}

/** The digest of an envelope that has one. */
export function digestIn(envelope: Buffer): Buffer {
  return envelope.subarray(2, 2 + DIGEST_BYTES);
}

/** What does not fit is dropped, as the W3C recommends for context that is too large. */
function bounded(text: string | undefined): Buffer | undefined {
  if (text === undefined || text === '') return undefined;
  const bytes = Buffer.from(text);
  return bytes.length > CONTEXT_BYTES_MAX ? undefined : bytes;
}

/** @throws {QueueError} `ENVELOPE_UNREADABLE` for a version that this release does not know. */
export function decodeEnvelope(stored: Buffer): StoredEnvelope {
  const readable = stored.length >= STAMP_BYTES + 2 && stored[STAMP_BYTES] === VERSION;
  if (!readable) {
    throw new QueueError('ENVELOPE_UNREADABLE', `a job has envelope version ${stored[STAMP_BYTES]}; this release reads version ${VERSION}`);
  }
  const enqueuedAtMs = stored.readUIntBE(0, STAMP_BYTES);
  const flags = stored[STAMP_BYTES + 1]!;
  let at = STAMP_BYTES + 2;
  if (flags === 0) return { enqueuedAtMs, redriven: false, body: stored.subarray(at) };
  const take = (length: number) => stored.subarray(at, (at += length));
  const text = () => take(take(2).readUInt16BE()).toString();
  const digest = flags & DIGEST ? take(DIGEST_BYTES) : undefined;
  const deadlineMs = flags & DEADLINE ? take(DEADLINE_BYTES).readUIntBE(0, DEADLINE_BYTES) : undefined;
  const trace = flags & TRACE ? take(TRACE_BYTES) : undefined;
  const state = flags & STATE ? text() : undefined;
  const baggage = flags & BAGGAGE ? text() : undefined;
  return {
    enqueuedAtMs,
    redriven: (flags & REDRIVEN) !== 0,
    linked: (flags & LINKED) !== 0,
    digest,
    deadlineMs,
    trace,
    state,
    baggage,
    body: stored.subarray(at),
  };
}

/** Whether an envelope means the same as one that is stored: told by their digests; one without a digest is compared with nothing. */
export function sameBody(stored: Buffer, envelope: Buffer): boolean {
  if ((envelope[1]! & DIGEST) === 0) return true;
  const digest = digestIn(envelope);
  const at = STAMP_BYTES + 2;
  return (stored[STAMP_BYTES + 1]! & DIGEST) !== 0 && stored.subarray(at, at + DIGEST_BYTES).equals(digest);
}

/** What a redriven job lies there as: enqueued now, so that its deadline and its waiting time begin anew. */
export function restamp(stored: Buffer, nowMs: number): Buffer {
  const again = Buffer.from(stored);
  if (again.length < STAMP_BYTES + 2) return again;
  again.writeUIntBE(nowMs, 0, STAMP_BYTES);
  again[STAMP_BYTES + 1]! |= REDRIVEN;
  return again;
}

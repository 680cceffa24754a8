import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What happened, written outside Redis: one file of fixed records for each process that ever ran. A record is in the file when the
 * call returns, so a SIGKILL loses none. The checker reads the files when all is over.
 *
 *   type 1 | unused 1 | holder 2 | job 4 | time 8 (ms since 1970; of Redis for what the store did, of the process for the rest)
 */
export type RecordType = keyof typeof TYPES;

const TYPES = {
  /** A producer is about to enqueue the job. */
  sent: 1,
  /** Enqueue resolved: from now on the queue answers for the job. */
  accepted: 2,
  /** Enqueue rejected and may have been carried out. */
  unanswered: 3,
  /** A holder claimed the job. */
  claimed: 4,
  /** The handler did its work to the end. */
  ended: 5,
  /** The store took the holder's settlement of the job as done, and said so. */
  settled: 6,
  /** The store refused a settlement, because the holder held the job no more. */
  lost: 7,
  /** The holder itself was told that all it held is given away. */
  expired: 8,
} as const;

const NAMES = new Map<number, RecordType>(Object.entries(TYPES).map(([name, code]) => [code, name as RecordType]));
const BYTES = 16;

/** One line of a history. */
export interface HistoryRecord {
  readonly type: RecordType;
  readonly job: number;
  /** Counts the tokens that the process had; a lease that is lost begins a new one. */
  readonly holder: number;
  readonly atMs: number;
}

/** All that one process did. */
export interface History {
  /** `worker-2-0`: kind, slot, and how many came before it in the slot. */
  readonly process: string;
  records(): Iterable<HistoryRecord>;
}

/** Writes the history of this process. */
export interface HistoryWriter {
  /** One write for all the jobs. */
  write(type: RecordType, jobs: readonly number[], atMs: number, holder?: number): void;
  close(): void;
}

export function openHistory(folder: string, name: string): HistoryWriter {
  const file = openSync(join(folder, `${name}.history`), 'a');
  return {
    write(type, jobs, atMs, holder = 0) {
      if (jobs.length === 0) return;
      const bytes = Buffer.alloc(BYTES * jobs.length);
      for (const [at, job] of jobs.entries()) {
        bytes[at * BYTES] = TYPES[type];
        bytes.writeUInt16LE(holder & 0xffff, at * BYTES + 2);
        bytes.writeUInt32LE(job, at * BYTES + 4);
        bytes.writeDoubleLE(atMs, at * BYTES + 8);
      }
      writeSync(file, bytes);
    },
    close: () => closeSync(file),
  };
}

/** The histories of all processes that wrote into the folder. */
export function readHistories(folder: string): History[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.history'));
  return files.toSorted().map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { process: name.replace('.history', ''), records: () => decode(bytes) };
  });
}

function* decode(bytes: Buffer): Generator<HistoryRecord> {
  // A write that SIGKILL cut short would leave a part of a record at the end; nothing was promised of it yet.
  for (let at = 0; at + BYTES <= bytes.length; at += BYTES) {
    const type = NAMES.get(bytes[at]!);
    if (type === undefined) throw new Error(`a history has an unknown record type ${bytes[at]}`);
    yield { type, holder: bytes.readUInt16LE(at + 2), job: bytes.readUInt32LE(at + 4), atMs: bytes.readDoubleLE(at + 8) };
  }
}

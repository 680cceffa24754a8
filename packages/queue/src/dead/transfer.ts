import { isQueueError, QueueError } from '../errors.ts';
import { refuse, refuseUnknown, type ResolvedQueueOptions } from '../options.ts';
import { partitionOf } from '../partition.ts';
import { groupOf } from '../place.ts';
import type { NewDeadLetter, Store } from '../store.ts';
import { matcherOf, type DeadLetterFilter } from './filter.ts';
import { encodeLine } from './line.ts';
import { parseLine } from './parse-line.ts';
import { PAGE_MAX, scan } from './scan.ts';

/** Options of {@link Inspector.importDead}. */
export interface ImportOptions {
  /** What messages call the lines: the name of their file. Default `the import`. */
  readonly source?: string;
  /** Whether dead letters of another queue or namespace are taken. Default false. */
  readonly otherQueue?: boolean;
  /** Called after every call to Redis. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** How far an import is. */
export interface ImportProgress {
  /** Dead letters that were added. */
  readonly added: number;
  /** Lines whose job is there already, in any state, with the same body as far as that can be told. */
  readonly existing: number;
}

/** What {@link Inspector.importDead} came to. */
export interface ImportResult extends ImportProgress {
  /** Ids of jobs that are there already with another body; they were left as they are. */
  readonly conflictingIds: readonly string[];
  /** Ids for which there was no room: the queue keeps `dead.count` dead letters. */
  readonly refusedIds: readonly string[];
}

/** Gives the lines of an import anew each time: it is asked twice. */
export type Lines = () => Iterable<string> | AsyncIterable<string>;

interface Of {
  readonly queue: ResolvedQueueOptions;
  readonly stores: readonly Store[];
  readonly open: () => Promise<unknown>;
}

/** Bodies that are fetched at once. */
const EXPORT_BATCH = 20;
const IMPORT_JOBS = 100;
const IMPORT_BYTES = 1_048_576;

/** The dead letters that match and lay there when it began, a line each. */
export async function* exportLines({ queue, stores, open }: Of, filter: DeadLetterFilter = {}): AsyncGenerator<string> {
  const matches = matcherOf(filter);
  await open();
  for (const store of stores) {
    for await (const { letters } of scan(store, filter, PAGE_MAX)) {
      const meant = letters.filter(matches);
      for (let at = 0; at < meant.length; at += EXPORT_BATCH) {
        const jobs = await Promise.all(meant.slice(at, at + EXPORT_BATCH).map(({ id }) => store.get(id)));
        for (const job of jobs) if (job?.state === 'dead') yield encodeLine(queue, job);
      }
    }
  }
}

/** Adds the dead letters of an export: first every line is checked, then they are added batch by batch. */
export async function importLines(of: Of, lines: Lines, options: ImportOptions = {}): Promise<ImportResult> {
  refuseUnknown(options, ['source', 'otherQueue', 'onProgress'], 'importDead');
  if (typeof lines !== 'function') refuse('lines', lines, 'a function that gives the lines; it is called twice');
  const { source = 'the import', otherQueue = false, onProgress } = options;
  const parsed = () => parse(of.queue, lines, source, otherQueue);
  for await (const { id } of parsed()) void id;
  await of.open();
  const so = { added: 0, existing: 0, conflictingIds: [] as string[], refusedIds: [] as string[] };
  try {
    for await (const batch of batches(parsed())) {
      await add(of, batch, so);
      onProgress?.({ added: so.added, existing: so.existing });
    }
  } catch (error) {
    if (!isQueueError(error)) throw error;
    const message = `${error.message}; ${so.added} dead letters of ${source} were added before, importing it again adds the others`;
    throw new QueueError(error.code, message, { cause: error, retryable: error.retryable });
  }
  return so;
}

async function* parse(queue: ResolvedQueueOptions, lines: Lines, source: string, otherQueue: boolean): AsyncGenerator<NewDeadLetter> {
  let number = 0;
  for await (const line of lines()) {
    number += 1;
    if (line.trim() !== '') yield parseLine(queue, line, { source, number }, otherQueue);
  }
}

async function* batches(letters: AsyncIterable<NewDeadLetter>): AsyncGenerator<NewDeadLetter[]> {
  let batch: NewDeadLetter[] = [];
  let bytes = 0;
  for await (const letter of letters) {
    if (batch.length > 0 && (batch.length === IMPORT_JOBS || bytes + letter.stored.length > IMPORT_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(letter);
    bytes += letter.stored.length;
  }
  if (batch.length > 0) yield batch;
}

interface Sums {
  added: number;
  existing: number;
  readonly conflictingIds: string[];
  readonly refusedIds: string[];
}

async function add({ stores }: Of, batch: readonly NewDeadLetter[], so: Sums): Promise<void> {
  for (const [partition, store] of stores.entries()) {
    const own = batch.filter(({ id, place }) => partitionOf(groupOf(place) ?? id, stores.length) === partition);
    if (own.length === 0) continue;
    for (const [at, verdict] of (await store.addDead(own)).entries()) {
      if (verdict === 'created') so.added += 1;
      else if (verdict === 'existing') so.existing += 1;
      else (verdict === 'full' ? so.refusedIds : so.conflictingIds).push(own[at]!.id);
    }
  }
}

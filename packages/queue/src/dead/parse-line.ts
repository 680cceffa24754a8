import { digestOf, encodeEnvelope, STAMP_BYTES } from '../envelope.ts';
import { QueueError } from '../errors.ts';
import { encodeFailure } from '../failure-record.ts';
import { isJobId } from '../id.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import { placeOf, PRIORITY_MAX } from '../place.ts';
import type { NewDeadLetter } from '../store.ts';
import { deadReasons, isDeadReason } from './filter.ts';
import { LINE_VERSION, type DeadLetterLine } from './line.ts';

/** Where a line stands, for messages. */
export interface LinePlace {
  readonly source: string;
  /** 1 for the first. */
  readonly number: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Field = keyof DeadLetterLine;

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const YEAR_MS = 31_622_400_000;
const BODIES = ['payload', 'bodyBase64', 'storedBase64'] as const;

/** What each field must be, in the words of the message; one that may be absent says so by itself. */
const RULES: Readonly<Record<Field, readonly [test: (value: unknown) => boolean, allowed: string]>> = {
  v: [(value) => value === LINE_VERSION, String(LINE_VERSION)],
  namespace: [isText, 'a text'],
  queue: [isText, 'a text'],
  id: [isJobId, '1 to 128 visible ASCII characters'],
  reason: [isDeadReason, `one of ${deadReasons.join(', ')}`],
  failedAttempts: [(value) => isWhole(value, 1_000_000), 'a whole number from 0 to 1000000'],
  priority: [optional((value) => isWhole(value, PRIORITY_MAX)), `a whole number from 0 to ${PRIORITY_MAX}`],
  groupId: [optional(isJobId), '1 to 128 visible ASCII characters'],
  lastError: [optional(isText), 'a text'],
  enqueuedAt: [optional(isMoment), 'a moment such as 2026-03-04T10:00:00.000Z'],
  endedAt: [optional(isMoment), 'a moment such as 2026-03-04T10:00:00.000Z'],
  deadlineMs: [optional((value) => isWhole(value, YEAR_MS) && value !== 0), `a whole number from 1 to ${YEAR_MS}`],
  traceparent: [optional((value) => isText(value) && TRACEPARENT.test(value)), 'as W3C Trace Context version 00 writes it'],
  tracestate: [optional(isText), 'a text'],
  baggage: [optional(isText), 'a text'],
  ownId: [optional((value) => value === true), 'true, or absent'],
  payload: [() => true, 'JSON'],
  bodyBase64: [optional(isBase64), 'base64'],
  storedBase64: [optional(isBase64), 'base64'],
};

/**
 * Reads a line of an export as what is to be stored.
 *
 * @throws {QueueError} `INVALID_LINE` that names the source, the line and the field; no payload is quoted.
 */
export function parseLine(queue: ResolvedQueueOptions, text: string, place: LinePlace, otherQueue: boolean): NewDeadLetter {
  const fields = fieldsOf(text, place);
  for (const [field, [test, allowed]] of Object.entries(RULES))
    if (!test(fields[field])) refuseLine(place, `${field} must be ${allowed}, got ${show(fields[field])}`);
  const unknown = Object.keys(fields).find((field) => !Object.hasOwn(RULES, field));
  if (unknown !== undefined) refuseLine(place, `there is no field ${show(unknown)}; the fields are ${Object.keys(RULES).join(', ')}`);
  const line = fields as unknown as DeadLetterLine;
  if (BODIES.filter((field) => field in fields).length !== 1) refuseLine(place, `exactly one of ${BODIES.join(', ')} must be there`);
  if (line.priority !== undefined && line.groupId !== undefined) refuseLine(place, 'priority must be left out of a job that has a groupId');
  if (!otherQueue && (line.queue !== queue.name || line.namespace !== queue.namespace)) {
    const from = `queue ${show(line.queue)} of namespace ${show(line.namespace)}`;
    refuseLine(place, `it is of ${from}, not of ${queue.name} of ${queue.namespace}; say otherQueue if that is meant`);
  }
  return { id: line.id, stored: storedOf(queue, line, place), record: recordOf(line), place: placeOf(line.priority, line.groupId) };
}

function fieldsOf(text: string, place: LinePlace): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseLine(place, 'a JSON object is expected');
  return value as Fields;
}

function storedOf(queue: ResolvedQueueOptions, line: DeadLetterLine, place: LinePlace): Buffer {
  if (line.storedBase64 !== undefined) return Buffer.from(line.storedBase64, 'base64');
  const body = line.bodyBase64 === undefined ? Buffer.from(JSON.stringify(line.payload)) : Buffer.from(line.bodyBase64, 'base64');
  if (body.length > queue.maxBodyBytes) refuseLine(place, `its body has ${body.length} bytes, maxBodyBytes allows ${queue.maxBodyBytes}`);
  const stamp = Buffer.alloc(STAMP_BYTES);
  if (line.enqueuedAt !== undefined) stamp.writeUIntBE(Date.parse(line.enqueuedAt), 0, STAMP_BYTES);
  const trace = TRACEPARENT.exec(line.traceparent ?? '');
  const envelope = encodeEnvelope({
    trace: trace === null ? undefined : Buffer.from(`${trace[1]}${trace[2]}${trace[3]}`, 'hex'),
    state: line.tracestate,
    baggage: line.baggage,
    deadlineMs: line.deadlineMs,
    digest: line.ownId === true ? digestOf(body) : undefined,
    body,
  });
  return Buffer.concat([stamp, envelope]);
}

function recordOf({ failedAttempts, lastError, reason }: DeadLetterLine): string {
  return encodeFailure({ attempts: failedAttempts, losses: 0, error: lastError, reason });
}

function optional(test: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function isMoment(value: unknown): boolean {
  return isText(value) && ISO.test(value) && Date.parse(value) >= 0;
}

function isBase64(value: unknown): boolean {
  return isText(value) && BASE64.test(value);
}

function show(value: unknown): string {
  if (isText(value)) return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

function refuseLine({ source, number }: LinePlace, message: string): never {
  throw new QueueError('INVALID_LINE', `${source}, line ${number}: ${message}`);
}

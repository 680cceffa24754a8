import { expect, test } from 'vitest';
import { defineQueue } from '../define.ts';
import { digestOf, encodeEnvelope } from '../envelope.ts';
import { encodeFailure } from '../failure-record.ts';
import { encodeLine } from './line.ts';
import { parseLine } from './parse-line.ts';

const { options: queue } = defineQueue({ name: 'orders', maxBodyBytes: 100 });
const place = { source: 'dead.jsonl', number: 7 };
const parse = (line: object | string, otherQueue = false) =>
  parseLine(queue, typeof line === 'string' ? line : JSON.stringify(line), place, otherQueue);

const stamp = Buffer.from('018bcfe56800', 'hex');
const stored = (body: Buffer, rest: object = {}) => Buffer.concat([stamp, encodeEnvelope({ ...rest, body })]);
const record = encodeFailure({ attempts: 2, losses: 0, error: 'Error: no', reason: 'rejected' });
const good = { v: 1, namespace: 'default', queue: 'orders', id: 'a', reason: 'rejected', failedAttempts: 2, payload: { sku: 'A-1' } };

test.each([
  ['JSON', stored(Buffer.from('{"sku":"A-1"}'))],
  ['JSON with spaces, which would be lost', stored(Buffer.from('{ "sku": "A-1" }'))],
  ['a number that JavaScript cannot hold', stored(Buffer.from('12345678901234567890'))],
  ['null', stored(Buffer.from('null'))],
  ['bytes', stored(Buffer.from([0, 255, 10]))],
  ['nothing', stored(Buffer.alloc(0))],
  ['a context', stored(Buffer.from('1'), { trace: Buffer.alloc(25, 7), state: 'a=b', baggage: 'c=d', deadlineMs: 5000 })],
  ["one whose id is the caller's", stored(Buffer.from('1'), { digest: digestOf(Buffer.from('1')) })],
  ['an envelope of a later version', Buffer.concat([stamp, Buffer.from([9, 0, 1])])],
])('a line holds all of a job whose body is %s', (_what, bytes) => {
  const line = encodeLine(queue, { id: 'a', state: 'dead', stored: bytes, record, atMs: 1_700_000_000_000 });
  expect(parse(line)).toEqual({ id: 'a', stored: bytes, record, place: undefined });
  expect(line).not.toContain('\n');
});

test.each<[object | string, string]>([
  ['', 'a JSON object is expected'],
  ['[]', 'a JSON object is expected'],
  [{ ...good, v: 2 }, 'v must be 1, got 2'],
  [{ ...good, id: 'not an id' }, 'id must be 1 to 128 visible ASCII characters, got "not an id"'],
  [
    { ...good, reason: 'bored' },
    'reason must be one of attempts-exhausted, rejected, invalid-payload, unreadable, deadline, poison, invalid-result, got "bored"',
  ],
  [{ ...good, failedAttempts: -1 }, 'failedAttempts must be a whole number from 0 to 1000000, got -1'],
  [{ ...good, priority: 10 }, 'priority must be a whole number from 0 to 9, got 10'],
  [{ ...good, groupId: '' }, 'groupId must be 1 to 128 visible ASCII characters, got ""'],
  [{ ...good, priority: 1, groupId: 'a' }, 'priority must be left out of a job that has a groupId'],
  [{ ...good, lastError: 1 }, 'lastError must be a text, got 1'],
  [{ ...good, enqueuedAt: 'yesterday' }, 'enqueuedAt must be a moment such as 2026-03-04T10:00:00.000Z, got "yesterday"'],
  [{ ...good, deadlineMs: 0 }, 'deadlineMs must be a whole number from 1 to 31622400000, got 0'],
  [{ ...good, traceparent: '00-0' }, 'traceparent must be as W3C Trace Context version 00 writes it, got "00-0"'],
  [{ ...good, ownId: false }, 'ownId must be true, or absent, got false'],
  [{ ...good, attempts: 1 }, 'there is no field "attempts"; the fields are v, namespace, queue, id'],
  [{ ...good, bodyBase64: 'AA==' }, 'exactly one of payload, bodyBase64, storedBase64 must be there'],
  [{ ...good, payload: undefined }, 'exactly one of payload, bodyBase64, storedBase64 must be there'],
  [{ ...good, payload: undefined, bodyBase64: 'AA=' }, 'bodyBase64 must be base64, got "AA="'],
  [{ ...good, payload: 'x'.repeat(99) }, 'its body has 101 bytes, maxBodyBytes allows 100'],
  [{ ...good, queue: 'mails' }, 'it is of queue "mails" of namespace "default", not of orders of default; say otherQueue if that is meant'],
])('a line %j is refused', (line, message) => {
  const refused = { code: 'INVALID_LINE', message: expect.stringContaining(`dead.jsonl, line 7: ${message}`) as string };
  expect(() => parse(line)).toThrow(expect.objectContaining(refused) as Error);
});

test('a line of another queue is taken where that is meant', () => {
  expect(parse({ ...good, queue: 'mails', namespace: 'old' }, true)).toMatchObject({ id: 'a' });
});

test.each(['p9', 'gorder-1'])('a line says where its job waits (%s)', (where) => {
  const line = encodeLine(queue, { id: 'a', state: 'dead', stored: stored(Buffer.from('1')), record, atMs: 1, place: where });
  expect(parse(line).place).toBe(where);
});

import { expect, test } from 'vitest';
import { readEvent } from './event.ts';

const destinations = new Map([['a', { name: 'a', url: 'http://127.0.0.1:1/', secret: undefined, ordered: false }]]);
const read = (text: string, query: Record<string, unknown> = {}) =>
  readEvent({ query, contentType: 'application/x+json', body: Buffer.from(text) }, destinations);

test('readEvent with ?destination passes text and content type on as they came', () => {
  const text = ' {"a" : 1.0, "a":\t"\\u00e9é\u2028", "big": 12345678901234567890, "__proto__": {"x": 1}}\r\n';
  expect(read(text, { destination: 'a', type: 'push' })).toEqual({
    destination: 'a',
    type: 'push',
    contentType: 'application/x+json',
    body: text,
  });
  expect(read('null', { destination: 'a' })).toEqual({ destination: 'a', contentType: 'application/x+json', body: 'null' });
});

test('readEvent without it takes the envelope; data may be any JSON, null too', () => {
  for (const data of [null, 0, '', [], { nested: [{}] }]) {
    expect(read(JSON.stringify({ destination: 'a', type: 't', data }))).toEqual({
      destination: 'a',
      type: 't',
      body: JSON.stringify(data),
    });
  }
});

test('readEvent repeats nothing of a body that is not JSON', () => {
  expect(() => read('{"password": hunter2}')).toThrow(/^the body is not valid JSON in UTF-8$/);
  expect(() => read('\ufeff{}', { destination: 'a' })).toThrow(/^the body is not valid JSON in UTF-8$/);
});

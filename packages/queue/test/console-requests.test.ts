import { request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { open, post } from './console-harness.ts';

test.each([
  ['api/jobs?queue=nobody&state=dead', 404, 'CONSOLE_UNKNOWN_QUEUE', 'no such queue'],
  ['api/jobs?state=dead', 404, 'CONSOLE_UNKNOWN_QUEUE', 'no such queue'],
  ['api/jobs?queue=constructor&state=dead', 404, 'CONSOLE_UNKNOWN_QUEUE', 'no such queue'],
  [
    'api/jobs?queue=orders&state=gone',
    400,
    'CONSOLE_BAD_REQUEST',
    'state must be one of waiting, delayed, active, completed, dead, got "gone"',
  ],
  ['api/jobs?queue=orders&state=dead&limit=101', 400, 'CONSOLE_BAD_REQUEST', 'limit must be a whole number from 1 to 100, got "101"'],
  ['api/jobs?queue=orders&state=dead&skip=-1', 400, 'CONSOLE_BAD_REQUEST', 'skip must be a whole number from 0 to 1000000000, got "-1"'],
  ['api/jobs?queue=orders&queue=mails&state=dead', 400, 'CONSOLE_BAD_REQUEST', 'queue must be given once'],
  ['api/job?queue=orders&id=nobody', 404, 'CONSOLE_UNKNOWN_JOB', 'there is no job nobody'],
  ['api/job?queue=orders', 400, 'CONSOLE_BAD_REQUEST', 'id must be 1 to 128 visible ASCII characters, got undefined'],
  ['api/job?queue=orders&id=%00', 400, 'CONSOLE_BAD_REQUEST', 'id must be'],
  ['api/nothing', 404, 'CONSOLE_NOT_FOUND', 'no such path'],
  ['api/constructor', 404, 'CONSOLE_NOT_FOUND', 'no such path'],
  ['__proto__', 404, 'CONSOLE_NOT_FOUND', 'no such path'],
  ['../package.json', 404, 'CONSOLE_NOT_FOUND', 'no such path'],
  ['api/pause', 405, 'CONSOLE_METHOD_NOT_ALLOWED', 'only POST'],
])('GET %s is refused with %i %s', async (path, status, code, message) => {
  await using console = await open({ authorize: () => 'operate' });
  const response = await fetch(`${console.origin}/${path}`);
  expect([response.status, await response.json()]).toEqual([status, { error: { code, message: expect.stringContaining(message) } }]);
});

test.each([
  ['not JSON', '{', {}, 400, 'CONSOLE_BAD_REQUEST', 'the body must be a JSON object'],
  ['an array', '[]', {}, 400, 'CONSOLE_BAD_REQUEST', 'the body must be a JSON object'],
  ['a form', 'queue=orders', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'CONSOLE_NOT_JSON', 'application/json'],
  ['an unknown queue', { queue: 'nobody', limit: 1 }, {}, 404, 'CONSOLE_UNKNOWN_QUEUE', 'no such queue'],
  ['neither ids nor limit', { queue: 'orders' }, {}, 400, 'CONSOLE_BAD_REQUEST', 'either ids or limit, got "neither"'],
  ['ids and limit', { queue: 'orders', ids: [], limit: 1 }, {}, 400, 'CONSOLE_BAD_REQUEST', 'either ids or limit, got "both"'],
  ['limit 0', { queue: 'orders', limit: 0 }, {}, 400, 'CONSOLE_BAD_REQUEST', 'limit must be a whole number from 1 to 1000, got 0'],
  ['limit 1001', { queue: 'orders', limit: 1001 }, {}, 400, 'CONSOLE_BAD_REQUEST', 'from 1 to 1000, got 1001'],
  ['1001 ids', { queue: 'orders', ids: Array.from({ length: 1001 }, String) }, {}, 400, 'CONSOLE_BAD_REQUEST', 'at most 1000 ids'],
  [
    'an id that is none',
    { queue: 'orders', ids: [7] },
    {},
    400,
    'CONSOLE_BAD_REQUEST',
    'id must be 1 to 128 visible ASCII characters, got 7',
  ],
  ['another field', { queue: 'orders', limit: 1, force: true }, {}, 400, 'CONSOLE_BAD_REQUEST', 'queue, ids, limit only, got "force"'],
  ['160 001 bytes', `{"queue":"${'x'.repeat(160_001)}"}`, {}, 413, 'CONSOLE_BODY_TOO_LARGE', '160000 bytes'],
])('a redrive with %s is refused with its code', async (_what, body, headers, status, code, message) => {
  await using console = await open({ authorize: () => 'operate' });
  const response = await post(`${console.origin}/api/redrive`, body, headers);
  expect([response.status, await response.json()]).toEqual([status, { error: { code, message: expect.stringContaining(message) } }]);
});

test('a body that never says how long it is is bounded too', async () => {
  await using console = await open({ authorize: () => 'operate' });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', origin: console.origin };
    const request = httpRequest(`${console.origin}/api/redrive`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
      request.destroy();
    });
    request.once('error', reject);
    for (let part = 0; part < 20; part += 1) request.write('x'.repeat(10_000));
  });
  expect(status).toBe(413);
});

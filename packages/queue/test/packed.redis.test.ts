import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { packJobs, unpackClaim } from '../src/redis/packed.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

const SIZES = [0, 1, 31, 32, 127, 255, 256, 65_535, 65_536];

test.each([1, 15, 16, 300])('what Redis packs is read as it was, lists of %i', async (count) => {
  const source = `
    local ids, bodies = {}, {}
    for at = 1, tonumber(ARGV[1]) do
      local size = tonumber(ARGV[2 + at % (#ARGV - 1)])
      ids[at] = 'id-' .. at .. '-' .. string.rep('i', size % 121)
      bodies[at] = at % 7 ~= 3 and string.rep('\\255', size)
    end
    return { cmsgpack.pack(ids, bodies), ids, bodies }`;
  const reply = (await redis.callBuffer('EVAL', [source, 0, count, ...SIZES])) as [Buffer, Buffer[], (Buffer | null)[]];
  const { ids, bodies } = unpackClaim(reply[0]);
  expect(ids).toEqual(reply[1].map(String));
  expect(bodies.map((body) => body?.toString('hex'))).toEqual(reply[2].map((body) => body?.toString('hex')));
});

test('what is packed for Redis is read as it was', async () => {
  const jobs = SIZES.map((size, at) => ({
    id: String.fromCharCode(33 + at).repeat(Math.max(1, size % 129)),
    delayMs: at === 0 ? 0 : 31_622_400_000 - at,
    fresh: at % 2 === 0,
    envelope: Buffer.alloc(size, 0xc1),
  }));
  const reply = (await redis.callBuffer('EVAL', [
    `local list, texts = cmsgpack.unpack(ARGV[1]), {}
    for at = 1, #list do texts[at] = type(list[at]) == 'number' and string.format('%.0f', list[at]) or list[at] end
    return texts`,
    0,
    packJobs(jobs),
  ])) as Buffer[];
  const expected = jobs.flatMap(({ id, delayMs, fresh, envelope }) => [
    id,
    String(delayMs),
    fresh ? '1' : '0',
    envelope.toString('latin1'),
  ]);
  expect(reply.map((value) => value.toString('latin1'))).toEqual(expected);
});

test('an empty claim is no bytes', () => {
  expect(unpackClaim(Buffer.alloc(0))).toEqual({ ids: [], bodies: [] });
});

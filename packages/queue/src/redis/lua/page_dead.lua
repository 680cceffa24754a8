-- SCRIPT page_dead: dead letters without their bodies, oldest first, from a place on.
-- KEYS: failures dead
-- ARGV: offsetMs afterMs afterId limit
-- RETURNS: { nowMs, ids, records, { endedAtMs }* }
-- STATE: unchanged
-- COST: O(limit), at most 1000 jobs
-- USES: now
local failures = KEYS[1]
local dead = KEYS[2]

local after, id, limit = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
-- Where the one that was seen last is gone, all of its millisecond come again: the client leaves out those that it has seen, for the order of
-- texts in Lua is that of the server's locale.
local first = redis.call('ZCOUNT', dead, '-inf', '(' .. ARGV[2])
if tonumber(redis.call('ZSCORE', dead, id) or -1) == after then first = redis.call('ZRANK', dead, id) + 1 end
local scored = redis.call('ZRANGE', dead, first, first + limit - 1, 'WITHSCORES')
local ids, times = {}, {}
for at = 1, #scored, 2 do
  ids[#ids + 1] = scored[at]
  times[#times + 1] = tonumber(scored[at + 1])
end
local now = now_ms(ARGV[1])
if #ids == 0 then return { now, {}, {}, {} } end
return { now, ids, redis.call('HMGET', failures, unpack(ids)), times }

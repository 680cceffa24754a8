-- SCRIPT purge: removes dead letters for good; those named, or the oldest ones.
-- KEYS: jobs failures dead
-- ARGV: offsetMs limit { id }*
-- RETURNS: { nowMs, ids }
-- STATE: dead -> none
-- COST: O(limit), at most 1000 jobs
-- USES: now
local jobs = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]

local now, limit = now_ms(ARGV[1]), tonumber(ARGV[2])
local wanted = { unpack(ARGV, 3) }
if limit > 0 then wanted = redis.call('ZRANGE', dead, 0, limit - 1) end

local gone = {}
for _, id in ipairs(wanted) do
  if redis.call('ZREM', dead, id) == 1 then gone[#gone + 1] = id end
end
if #gone > 0 then
  redis.call('HDEL', jobs, unpack(gone))
  redis.call('HDEL', failures, unpack(gone))
end
return { now, gone }

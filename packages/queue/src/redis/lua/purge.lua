-- SCRIPT purge: removes dead letters for good; those named, or the oldest ones; none that ended after `untilMs`.
-- KEYS: jobs failures dead places
-- ARGV: offsetMs untilMs limit { id }*
-- RETURNS: { nowMs, ids }
-- STATE: dead -> none
-- COST: O(limit), at most 1000 jobs
-- USES: now take_dead dedup dedup_end
local jobs = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]
local places = KEYS[4]

local now = now_ms(ARGV[1])
local gone = take_dead(dead, tonumber(ARGV[2]), tonumber(ARGV[3]), { unpack(ARGV, 4) })
if #gone > 0 then
  redis.call('HDEL', jobs, unpack(gone))
  forget_keys(dedup_of(jobs), gone)
  redis.call('HDEL', failures, unpack(gone))
  redis.call('HDEL', places, unpack(gone))
end
return { now, gone }

-- SCRIPT redrive: dead letters become waiting jobs again, as if they had just been enqueued; those named, or the oldest ones; none that ended after `untilMs`.
-- KEYS: waiting failures dead meta events jobs
-- ARGV: offsetMs untilMs limit { id }*
-- RETURNS: { nowMs, ids }
-- STATE: dead -> waiting
-- COST: O(limit), at most 1000 jobs
-- USES: now wake take_dead restamp
local waiting = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]
local meta = KEYS[4]
local events = KEYS[5]
local jobs = KEYS[6]

local now = now_ms(ARGV[1])
local moved = take_dead(dead, tonumber(ARGV[2]), tonumber(ARGV[3]), { unpack(ARGV, 4) })
if #moved > 0 then
  restamp(jobs, moved, now)
  redis.call('HDEL', failures, unpack(moved))
  redis.call('RPUSH', waiting, unpack(moved))
  wake(meta, events)
end
return { now, moved }

-- SCRIPT redrive: dead letters become waiting jobs again, as if they had just been enqueued; those named, or the oldest ones; none that ended after `untilMs`.
-- KEYS: waiting failures dead meta events jobs places
-- ARGV: offsetMs untilMs limit { id }*
-- RETURNS: { nowMs, ids }
-- STATE: dead -> waiting
-- COST: O(limit), at most 1000 jobs
-- USES: now wake take_dead restamp place join
local q = { waiting = KEYS[1], meta = KEYS[4], places = KEYS[7] }
local failures = KEYS[2]
local dead = KEYS[3]
local events = KEYS[5]
local jobs = KEYS[6]

local now = now_ms(ARGV[1])
q.placed = has_places(q)
local moved = take_dead(dead, tonumber(ARGV[2]), tonumber(ARGV[3]), { unpack(ARGV, 4) })
if #moved > 0 then
  restamp(jobs, moved, now)
  redis.call('HDEL', failures, unpack(moved))
  join(q, plan_join(q, moved, places_of(q, moved)))
  wake(q.meta, events)
end
return { now, moved }

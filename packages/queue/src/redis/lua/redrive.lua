-- SCRIPT redrive: dead letters become waiting jobs again, as if they had just been enqueued; those named, or the oldest ones.
-- KEYS: waiting failures dead meta events
-- ARGV: offsetMs limit { id }*
-- RETURNS: { nowMs, ids }
-- STATE: dead -> waiting
-- COST: O(limit), at most 1000 jobs
-- USES: now wake
local waiting = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]
local meta = KEYS[4]
local events = KEYS[5]

local now, limit = now_ms(ARGV[1]), tonumber(ARGV[2])
local wanted = { unpack(ARGV, 3) }
if limit > 0 then wanted = redis.call('ZRANGE', dead, 0, limit - 1) end

local moved = {}
for _, id in ipairs(wanted) do
  if redis.call('ZREM', dead, id) == 1 then moved[#moved + 1] = id end
end
if #moved > 0 then
  redis.call('HDEL', failures, unpack(moved))
  redis.call('RPUSH', waiting, unpack(moved))
  wake(meta, events)
end
return { now, moved }

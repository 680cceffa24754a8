-- SCRIPT schedule: adds a schedule or replaces it; one that is the same changes nothing, one that ticks as before keeps its next tick.
-- KEYS: schedules ticks
-- ARGV: name timing record tickMs schedulesMax
-- RETURNS: { 0 unchanged | 1 created | 2 replaced | -1 too many, tickMs }
-- STATE: unchanged
-- COST: O(log schedules)
-- USES:
local schedules = KEYS[1]
local ticks = KEYS[2]

local name, timing, record = ARGV[1], ARGV[2] .. '\n', ARGV[3]
local there = redis.call('HGET', schedules, name)
local tick = there and redis.call('ZSCORE', ticks, name)
if tick and there == record then return { 0, tick } end
if not there and redis.call('HLEN', schedules) >= tonumber(ARGV[5]) then return { -1, ARGV[4] } end

if not tick or string.sub(there, 1, #timing) ~= timing then tick = ARGV[4] end
redis.call('HSET', schedules, name, record)
redis.call('ZADD', ticks, tick, name)
redis.call('PUBLISH', schedules, 'changed')
return { there and 2 or 1, tick }

-- SCRIPT unschedule: removes a schedule; jobs of its ticks stay.
-- KEYS: schedules ticks
-- ARGV: name
-- RETURNS: 1 | 0 there was none
-- STATE: unchanged
-- COST: O(log schedules)
-- USES:
local schedules = KEYS[1]
local ticks = KEYS[2]

redis.call('ZREM', ticks, ARGV[1])
return redis.call('HDEL', schedules, ARGV[1])

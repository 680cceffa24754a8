-- SCRIPT open: writes the layout version and the number of partitions of a new queue, or tells those that are there.
-- KEYS: meta
-- ARGV: layout partitions
-- RETURNS: { layout, partitions }
-- STATE: unchanged
-- COST: O(1)
-- USES:
local meta = KEYS[1]

local there = redis.call('HMGET', meta, 'layout', 'partitions')
if there[1] then return { there[1], there[2] or '1' } end
redis.call('HSET', meta, 'layout', ARGV[1], 'partitions', ARGV[2])
return { ARGV[1], ARGV[2] }

-- SCRIPT open: writes the layout version of a new queue, or tells the one that is there.
-- KEYS: meta
-- ARGV: layout
-- RETURNS: layout
-- STATE: unchanged
-- COST: O(1)
-- USES:
local meta = KEYS[1]

local layout = redis.call('HGET', meta, 'layout')
if layout then return layout end
redis.call('HSET', meta, 'layout', ARGV[1])
return ARGV[1]

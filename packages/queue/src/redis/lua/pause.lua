-- SCRIPT pause: stops claims, or lets them go on; what runs is settled either way.
-- KEYS: meta events
-- ARGV: paused
-- RETURNS: 1
-- STATE: unchanged
-- COST: O(1)
-- USES: wake
local meta = KEYS[1]
local events = KEYS[2]

if ARGV[1] == '1' then
  redis.call('HSET', meta, 'paused', '1')
else
  redis.call('HDEL', meta, 'paused')
  wake(meta, events)
end
return 1

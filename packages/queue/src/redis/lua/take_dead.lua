-- FRAGMENT take_dead: takes dead letters out of their zset, those named or the `limit` oldest, but none that ended after `last`; returns their ids.
local function take_dead(dead, last, limit, named)
  local wanted = limit > 0 and redis.call('ZRANGEBYSCORE', dead, '-inf', last, 'LIMIT', 0, limit) or named
  local taken = {}
  for _, id in ipairs(wanted) do
    local at = redis.call('ZSCORE', dead, id)
    if at and tonumber(at) <= last and redis.call('ZREM', dead, id) == 1 then taken[#taken + 1] = id end
  end
  return taken
end

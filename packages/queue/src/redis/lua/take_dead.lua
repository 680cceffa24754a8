-- FRAGMENT take_dead: takes dead letters out of their zset, those named or the `limit` oldest; returns the ids that were there.
local function take_dead(dead, limit, named)
  local wanted = limit > 0 and redis.call('ZRANGE', dead, 0, limit - 1) or named
  local taken = {}
  for _, id in ipairs(wanted) do
    if redis.call('ZREM', dead, id) == 1 then taken[#taken + 1] = id end
  end
  return taken
end

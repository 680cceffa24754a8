-- FRAGMENT take_out: takes a job that has not begun from where it is, and lets its group go on.
local function take_out(q, id)
  local place = places_of(q, { id })[1]
  local group = group_of(place)
  -- One that waits for its retry, or that was recovered, holds its group up.
  local holds_up = group and redis.call('HGET', beside(q, 'flying'), group) == id
  if redis.call('ZREM', q.delayed, id) == 0 and redis.call('LREM', q.suspects, 1, id) == 0 then
    local list = list_of(q, place)
    if redis.call('LREM', list, 1, id) == 1 and place then count_placed(q, -1) end
    if group and redis.call('LLEN', list) == 0 then redis.call('LREM', beside(q, 'turns'), 1, group) end
  end
  if holds_up then end_places(q, { id }, true) elseif place then redis.call('HDEL', q.places, id) end
end

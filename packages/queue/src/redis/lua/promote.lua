-- FRAGMENT promote: due delayed jobs become waiting, at most 1000 a call.
-- A job that is due for its retry holds its group up and goes to its head; one that was never claimed joins the tail.
local function promote_placed(q, due)
  local ids, places = {}, {}
  for at, place in ipairs(places_of(q, due)) do
    local id, group = due[at], group_of(place)
    if group and redis.call('HGET', beside(q, 'flying'), group) == id then
      to_head(q, id, place, 'RPUSH')
    else
      ids[#ids + 1] = id
      places[#places + 1] = place
    end
  end
  join(q, plan_join(q, ids, places))
end

local function promote(q, now)
  local due = redis.call('ZRANGEBYSCORE', q.delayed, '-inf', now, 'LIMIT', 0, 1000)
  if #due > 0 then
    redis.call('ZREM', q.delayed, unpack(due))
    if q.placed then promote_placed(q, due) else redis.call('RPUSH', q.waiting, unpack(due)) end
  end
end

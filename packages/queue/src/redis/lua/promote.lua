-- FRAGMENT promote: due delayed jobs become waiting, at most 1000 a call.
local function promote(q, now)
  local due = redis.call('ZRANGEBYSCORE', q.delayed, '-inf', now, 'LIMIT', 0, 1000)
  if #due > 0 then
    redis.call('ZREM', q.delayed, unpack(due))
    redis.call('RPUSH', q.waiting, unpack(due))
  end
end

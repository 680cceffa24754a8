-- FRAGMENT take_out: takes a job that has not begun from where it is.
local function take_out(q, id)
  if redis.call('ZREM', q.delayed, id) == 1 then return end
  if redis.call('LREM', q.suspects, 1, id) == 0 then redis.call('LREM', q.waiting, 1, id) end
end

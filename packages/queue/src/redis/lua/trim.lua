-- FRAGMENT trim: bounds a zset of ended jobs (dead, completed) by count and by age, at most 1000 jobs of each a call.
local function forget(ended, q, ids)
  if #ids > 0 then
    redis.call('ZREM', ended, unpack(ids))
    redis.call('HDEL', q.jobs, unpack(ids))
    forget_keys(dedup_of(q.jobs), ids)
    redis.call('HDEL', q.failures, unpack(ids))
    if q.placed then redis.call('HDEL', q.places, unpack(ids)) end
  end
end

local function trim(ended, q, now, max_count, max_age)
  local excess = redis.call('ZCARD', ended) - max_count
  if excess > 0 then
    forget(ended, q, redis.call('ZRANGE', ended, 0, math.min(excess, 1000) - 1))
  end
  forget(ended, q, redis.call('ZRANGEBYSCORE', ended, '-inf', now - max_age, 'LIMIT', 0, 1000))
end

-- FRAGMENT dedup_end: the end of keys under which jobs are remembered.
-- Those whose time is over are forgotten, at most 100 a call.
local function sweep(d, now)
  local over = redis.call('ZRANGEBYSCORE', d.till, '-inf', now, 'LIMIT', 0, 100)
  if #over > 0 then
    redis.call('ZREM', d.till, unpack(over))
    redis.call('HDEL', d.entries, unpack(over))
  end
end

-- Those without a time go with their jobs, at most 1000 of them.
local function forget_keys(d, ids)
  local keys = {}
  for _, key in ipairs(redis.call('HMGET', d.ids, unpack(ids))) do
    if key then keys[#keys + 1] = key end
  end
  if #keys > 0 then
    redis.call('HDEL', d.entries, unpack(keys))
    redis.call('HDEL', d.ids, unpack(ids))
  end
end

-- Writes the keys of new jobs.
local function keep_keys(d, now)
  if #d.taken == 0 then return end
  remember(d, now)
  sweep(d, now)
end

-- FRAGMENT results: what handlers returned, and how far they are.
-- Keeps { id, result }* of those that are done, at their time.
local function keep_results(q, is_done, now)
  local fields, times = {}, {}
  for at = 1, q.side.r and #q.side.r or 0, 2 do
    local id = q.side.r[at]
    if is_done[id] then
      fields[#fields + 1], fields[#fields + 2] = id, q.side.r[at + 1]
      times[#times + 1], times[#times + 2] = now, id
    end
  end
  each_page(fields, function(page) redis.call('HSET', q.results, unpack(page)) end)
  each_page(times, function(page) redis.call('ZADD', q.results_at, unpack(page)) end)
end

local function forget_results(q, ids)
  if #ids > 0 then
    redis.call('ZREM', q.results_at, unpack(ids))
    redis.call('HDEL', q.results, unpack(ids))
  end
end

-- Bounds the results by count and by age, at most 1000 of each a call.
local function trim_results(q, now)
  if not q.side.n then return end
  local excess = redis.call('ZCARD', q.results_at) - q.side.n
  if excess > 0 then forget_results(q, redis.call('ZRANGE', q.results_at, 0, math.min(excess, 1000) - 1)) end
  forget_results(q, redis.call('ZRANGEBYSCORE', q.results_at, '-inf', now - q.side.a, 'LIMIT', 0, 1000))
end

-- Keeps { id, progress }* of jobs that this holder holds.
local function keep_progress(q, held)
  for at = 1, q.side.p and #q.side.p or 0, 2 do
    local id, value = q.side.p[at], q.side.p[at + 1]
    if redis.call('SISMEMBER', held, id) == 1 then
      redis.call('HSET', q.progress, id, value)
      note(q, 'progress', id, value)
    end
  end
end

-- FRAGMENT side: what few queues use: keys, results, progress, cancellations, and events about jobs.
-- `packed` is '' or a map { n, a = how many results are kept and for how long, r = { id, result }*, p = { id, progress }*, e = 1 where somebody
-- may listen }. One look tells whether anything is there already, so that others pay for nothing else.
local function open_side(q, packed, now)
  local prefix = string.sub(q.jobs, 1, -5)
  q.side = packed ~= '' and cmsgpack.unpack(packed) or {}
  q.cancelled, q.progress, q.news = prefix .. 'cancelled', prefix .. 'progress', q.side.e and {}
  q.results, q.results_at, q.lifecycle = prefix .. 'results', prefix .. 'results_at', prefix .. 'lifecycle'
  q.marked = redis.call('EXISTS', prefix .. 'dedup', q.cancelled, q.progress) > 0 or q.side.p
  if q.marked then
    q.dedup = dedup_of(q.jobs)
    sweep(q.dedup, now)
  end
end

-- What is told about a job: { kind, id, detail }.
local function note(q, ...)
  if q.news then q.news[#q.news + 1] = { ... } end
end

-- Tells at most once a call.
local function announce(q)
  if q.news and #q.news > 0 then redis.call('PUBLISH', q.lifecycle, cjson.encode(q.news)) end
end

-- A job is removed because somebody cancelled it; where results are kept, so is this.
local function end_cancelled(q, id, now)
  end_places(q, { id }, true)
  redis.call('HDEL', q.jobs, id)
  redis.call('HDEL', q.failures, id)
  redis.call('HDEL', q.progress, id)
  redis.call('SREM', q.cancelled, id)
  forget_keys(dedup_of(q.jobs), { id })
  note(q, 'cancelled', id)
  if q.side.n then
    redis.call('HSET', q.results, id, 'c')
    redis.call('ZADD', q.results_at, now, id)
  end
end

-- Whether a job was to be cancelled while it was active: then it ends here, and nowhere else.
local function ends_cancelled(q, id, verb, now)
  if q.marked then redis.call('HDEL', q.progress, id) end
  local marked = q.marked and redis.call('SREM', q.cancelled, id) == 1
  if marked or verb == 'cancel' then end_cancelled(q, id, now) end
  return marked or verb == 'cancel'
end

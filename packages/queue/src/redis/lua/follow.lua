-- FRAGMENT follow: jobs that follow from another, as rows of ARGV: { prefix maxWaiting id delayMs more body };
-- `more` is empty, or what enqueue.lua takes in the place of `fresh`.
-- Every queue of a namespace is in one slot, so their keys are made here from the prefixes.
local function has_room(first, last)
  local room = {}
  for at = first, last, 6 do
    local prefix = ARGV[at]
    room[prefix] = (room[prefix] or tonumber(ARGV[at + 1])
      - redis.call('LLEN', prefix .. 'waiting') - redis.call('LLEN', prefix .. 'suspects') - redis.call('ZCARD', prefix .. 'delayed')
      - tonumber(redis.call('HGET', prefix .. 'meta', 'placed') or 0)) - 1
    if room[prefix] < 0 then return false end
  end
  return true
end

-- A job that is done by the same call, as `ended` says, has its key no more: it may be followed by one with the same key.
local function add_following(q, first, last, now, ended)
  for at = first, last, 6 do
    local prefix, id, delay, body = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 5]
    local more = ARGV[at + 4] ~= '' and cmsgpack.unpack(ARGV[at + 4]) or {}
    local target = { waiting = prefix .. 'waiting', places = prefix .. 'places', meta = prefix .. 'meta' }
    local dedup = more.k and dedup_of(prefix .. 'jobs')
    if dedup and dedup.jobs == q.jobs then dedup.ended = ended end
    -- It is there already when the id is the caller's own and in use, or another job has the key.
    if not (dedup and owner_of(dedup, more.k, now)) and redis.call('HSETNX', prefix .. 'jobs', id, struct.pack('>I6', now) .. body) == 1 then
      if more.p then redis.call('HSET', target.places, id, more.p) end
      if dedup then
        take_key(dedup, more, id, body)
        remember(dedup, now)
      end
      if delay > 0 then
        redis.call('ZADD', prefix .. 'delayed', now + delay, id)
      elseif more.p then
        join(target, plan_join(target, { id }, { more.p }))
      else
        redis.call('RPUSH', target.waiting, id)
      end
      wake(target.meta, prefix .. 'events')
    end
  end
end

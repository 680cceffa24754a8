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

local function add_following(first, last, now)
  for at = first, last, 6 do
    local prefix, id, delay, more = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
    local place = more ~= '' and cmsgpack.unpack(more).p
    local q = { waiting = prefix .. 'waiting', places = prefix .. 'places', meta = prefix .. 'meta' }
    -- It is there already when the id is the caller's own and in use.
    if redis.call('HSETNX', prefix .. 'jobs', id, struct.pack('>I6', now) .. ARGV[at + 5]) == 1 then
      if place then redis.call('HSET', q.places, id, place) end
      if delay > 0 then
        redis.call('ZADD', prefix .. 'delayed', now + delay, id)
      elseif place then
        join(q, plan_join(q, { id }, { place }))
      else
        redis.call('RPUSH', q.waiting, id)
      end
      wake(q.meta, prefix .. 'events')
    end
  end
end

-- FRAGMENT follow: jobs that follow from another, as rows of ARGV: { prefix maxWaiting id delayMs body }.
-- Every queue of a namespace is in one slot, so their keys are made here from the prefixes.
local function has_room(first, last)
  local room = {}
  for at = first, last, 5 do
    local prefix = ARGV[at]
    room[prefix] = (room[prefix] or tonumber(ARGV[at + 1])
      - redis.call('LLEN', prefix .. 'waiting') - redis.call('LLEN', prefix .. 'suspects') - redis.call('ZCARD', prefix .. 'delayed')) - 1
    if room[prefix] < 0 then return false end
  end
  return true
end

local function add_following(first, last, now)
  for at = first, last, 5 do
    local prefix, id, delay = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3])
    -- It is there already when the id is the caller's own and in use.
    if redis.call('HSETNX', prefix .. 'jobs', id, struct.pack('>I6', now) .. ARGV[at + 4]) == 1 then
      if delay > 0 then
        redis.call('ZADD', prefix .. 'delayed', now + delay, id)
      else
        redis.call('RPUSH', prefix .. 'waiting', id)
      end
      wake(prefix .. 'meta', prefix .. 'events')
    end
  end
end

-- FRAGMENT settle: ends the attempts of jobs that this holder still holds.
-- Reads the whole batch against the held set before it removes anything: an id that is not there was given away,
-- so it is left untouched and reported as lost. Removing first would destroy that evidence.
local function each_page(ids, visit)
  for from = 1, #ids, 1000 do
    visit({ unpack(ids, from, math.min(from + 999, #ids)) })
  end
end

local function release_held(held, ids, lost)
  local kept, is_kept = {}, {}
  each_page(ids, function(page)
    for at, member in ipairs(redis.call('SMISMEMBER', held, unpack(page))) do
      local list = member == 1 and kept or lost
      list[#list + 1] = page[at]
      is_kept[page[at]] = member == 1
    end
    redis.call('SREM', held, unpack(page))
  end)
  return kept, is_kept
end

local function complete(q, ids, now, keep)
  each_page(ids, function(page)
    if q.news then note(q, 'completed', unpack(page)) end
    if q.marked then
      redis.call('HDEL', q.progress, unpack(page))
      redis.call('SREM', q.cancelled, unpack(page))
      if not keep then forget_keys(q.dedup, page) end
    end
    end_places(q, page, true)
    if not keep then return redis.call('HDEL', q.jobs, unpack(page)) end
    local scored = {}
    for at, id in ipairs(page) do
      scored[2 * at - 1] = now
      scored[2 * at] = id
    end
    redis.call('ZADD', q.completed, unpack(scored))
  end)
end

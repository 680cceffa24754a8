-- SCRIPT list: jobs of one state, oldest first, a page at a time; those that wait by class, then by group, suspects before all.
-- KEYS: jobs waiting suspects holders held delayed failures dead completed places
-- ARGV: offsetMs state skip limit
-- RETURNS: { nowMs, ids, bodies, records, { sinceMs | -1 }*, progress, results, places }
-- STATE: unchanged
-- COST: O(limit), for active O(held), for waiting O(groups); at most 1000 jobs, 1000 holders and 20000 groups
-- USES: now place heads
local sets = { delayed = KEYS[6], dead = KEYS[8], completed = KEYS[9] }
local q = { jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], holders = KEYS[4], held = KEYS[5], failures = KEYS[7], places = KEYS[10] }
q.placed = has_places(q)

local state, first, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local last = first + limit - 1
local ids, times = {}, {}

if sets[state] then
  local scored = redis.call('ZRANGE', sets[state], first, last, 'WITHSCORES')
  for at = 1, #scored, 2 do
    ids[#ids + 1] = scored[at]
    times[#times + 1] = tonumber(scored[at + 1])
  end
elseif state == 'waiting' then
  local skip = first
  for _, list in ipairs(waiting_lists(q, 10000)) do
    local length = redis.call('LLEN', list)
    if #ids < limit and skip < length then
      for _, id in ipairs(redis.call('LRANGE', list, skip, skip + limit - #ids - 1)) do ids[#ids + 1] = id end
    end
    skip = math.max(0, skip - length)
  end
else
  local all = {}
  for _, token in ipairs(redis.call('ZRANGE', q.holders, 0, 999)) do
    for _, id in ipairs(redis.call('SMEMBERS', q.held .. token)) do all[#all + 1] = id end
  end
  table.sort(all)
  for at = first + 1, math.min(last + 1, #all) do ids[#ids + 1] = all[at] end
end

local now = now_ms(ARGV[1])
if #ids == 0 then return { now, {}, {}, {}, {}, {}, {}, {} } end
for at = #times + 1, #ids do times[at] = -1 end
local prefix, found = string.sub(q.jobs, 1, -5), {}
for at, of in ipairs({ q.jobs, q.failures, prefix .. 'progress', prefix .. 'results' }) do found[at] = redis.call('HMGET', of, unpack(ids)) end
return { now, ids, found[1], found[2], times, found[3], found[4], places_of(q, ids) }

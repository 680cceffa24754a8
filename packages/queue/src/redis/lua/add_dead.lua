-- SCRIPT add_dead: adds dead letters that are not there yet, in any state, as if they had died now; those beyond the bound are refused.
-- KEYS: jobs failures dead places
-- ARGV: offsetMs maxDead { id stored record place }*
-- RETURNS: { nowMs, { at, 0 existing | 1 existing with another body | -1 full }* }
-- STATE: none -> dead
-- COST: O(1) a job, at most 1000 jobs
-- USES: now same_body
local jobs = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]
local places = KEYS[4]

local now = now_ms(ARGV[1])
local room = tonumber(ARGV[2]) - redis.call('ZCARD', dead)
local refused, bodies, records, times, seen, placed = {}, {}, {}, {}, {}, {}
local letters = { unpack(ARGV, 3) }
for at = 1, #letters, 4 do
  local id, stored = letters[at], letters[at + 1]
  local existing = seen[id] or redis.call('HGET', jobs, id)
  if existing or room <= 0 then
    refused[#refused + 1] = (at - 1) / 4
    refused[#refused + 1] = not existing and -1 or same_body(existing, string.sub(stored, 7)) and 0 or 1
  else
    room = room - 1
    seen[id] = stored
    bodies[#bodies + 1] = id
    bodies[#bodies + 1] = stored
    records[#records + 1] = id
    records[#records + 1] = letters[at + 2]
    times[#times + 1] = now
    times[#times + 1] = id
    if letters[at + 3] ~= '' then
      placed[#placed + 1] = id
      placed[#placed + 1] = letters[at + 3]
    end
  end
end
if #bodies > 0 then
  redis.call('HLEN', places)
  redis.call('HSET', jobs, unpack(bodies))
  redis.call('HSET', failures, unpack(records))
  redis.call('ZADD', dead, unpack(times))
  if #placed > 0 then redis.call('HSET', places, unpack(placed)) end
end
return { now, refused }

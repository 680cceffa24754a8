-- SCRIPT reconcile: what a holder holds and does not run goes back to the front; no loss is counted.
-- KEYS: waiting suspects holders held failures meta events places
-- ARGV: offsetMs token leaseMs { runningId }*
-- RETURNS: { nowMs, expired, lostIds, returned }
-- STATE: active -> waiting
-- COST: O(held)
-- USES: now wake place
local q = { waiting = KEYS[1], meta = KEYS[6], places = KEYS[8] }
local suspects = KEYS[2]
local holders = KEYS[3]
local held = KEYS[4]
local failures = KEYS[5]
local events = KEYS[7]

local now = now_ms(ARGV[1])
held = held .. ARGV[2]
if not redis.call('ZSCORE', holders, ARGV[2]) then
  return { now, 1, {}, 0 }
end
redis.call('ZREM', holders, '')

q.placed = has_places(q)
local running = {}
for at = 4, #ARGV do running[ARGV[at]] = true end
local returned = 0
for _, id in ipairs(redis.call('SMEMBERS', held)) do
  if running[id] then
    running[id] = nil
  else
    redis.call('SREM', held, id)
    local losses = string.match(redis.call('HGET', failures, id) or '', '^%d+ (%d+)')
    if (tonumber(losses) or 0) > 0 then
      redis.call('LPUSH', suspects, id)
    else
      to_head(q, id, places_of(q, { id })[1], 'LPUSH')
    end
    returned = returned + 1
  end
end
local lost = {}
for id in pairs(running) do lost[#lost + 1] = id end

-- A holder is listed only while it holds something.
if redis.call('EXISTS', held) == 1 then redis.call('ZADD', holders, now + tonumber(ARGV[3]), ARGV[2]) else redis.call('ZREM', holders, ARGV[2]) end
if returned > 0 then wake(q.meta, events) end
return { now, 0, lost, returned }

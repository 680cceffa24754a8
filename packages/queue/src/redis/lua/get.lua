-- SCRIPT get: one job with its state.
-- KEYS: jobs holders held delayed failures dead completed places
-- ARGV: offsetMs id
-- RETURNS: nil | { nowMs, state, body, record | '', sinceMs | -1, progress | '', result | '', place | '' }
-- STATE: unchanged
-- COST: O(holders), at most 1000 of them
-- USES: now
local jobs = KEYS[1]
local holders = KEYS[2]
local held = KEYS[3]
local delayed = KEYS[4]
local failures = KEYS[5]
local dead = KEYS[6]
local completed = KEYS[7]
local places = KEYS[8]

local id = ARGV[2]
local body = redis.call('HGET', jobs, id)
if not body then return false end
local state, since = 'waiting', -1
for name, key in pairs({ delayed = delayed, dead = dead, completed = completed }) do
  local score = redis.call('ZSCORE', key, id)
  if score then
    state = name
    since = tonumber(score)
  end
end
if state == 'waiting' then
  for _, token in ipairs(redis.call('ZRANGE', holders, 0, 999)) do
    if redis.call('SISMEMBER', held .. token, id) == 1 then state = 'active' end
  end
end
local prefix = string.sub(jobs, 1, -5)
local progress, result = redis.call('HGET', prefix .. 'progress', id) or '', redis.call('HGET', prefix .. 'results', id) or ''
return { now_ms(ARGV[1]), state, body, redis.call('HGET', failures, id) or '', since, progress, result, redis.call('HGET', places, id) or '' }

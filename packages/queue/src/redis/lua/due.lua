-- SCRIPT due: the schedules whose tick has come, and when the next one comes.
-- KEYS: schedules ticks
-- ARGV: offsetMs limit
-- RETURNS: { nowMs, nextDueMs | -1, names, records, ticks }
-- STATE: unchanged
-- COST: O(limit)
-- USES: now
local schedules = KEYS[1]
local ticks = KEYS[2]

local now = now_ms(ARGV[1])
local names, records, times = {}, {}, {}
local due = redis.call('ZRANGEBYSCORE', ticks, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for at = 1, #due, 2 do
  names[#names + 1] = due[at]
  records[#records + 1] = redis.call('HGET', schedules, due[at]) or ''
  times[#times + 1] = due[at + 1]
end
local head = redis.call('ZRANGEBYSCORE', ticks, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return { now, head[2] and head[2] - now or -1, names, records, times }

-- SCRIPT tick: turns the due tick of a schedule into jobs and gives it its next tick, both or neither; each tick once.
-- KEYS: schedules ticks
-- ARGV: offsetMs { name tickMs digest nextTickMs jobs { prefix maxWaiting id delayMs more body }* }*
-- RETURNS: { nowMs, { 1 ticked | 0 passed | -1 full }* }
-- STATE: none -> waiting, in the queue whose keys begin with the prefix
-- COST: O(jobs); about six commands a job
-- USES: now wake place join dedup follow
local schedules = KEYS[1]
local ticks = KEYS[2]

-- Whoever comes second, or has read what was replaced since, changes nothing: tick and digest must be those that were read.
local now, verdicts = now_ms(ARGV[1]), {}
local at = 2
while at <= #ARGV do
  local name, tick, first = ARGV[at], tonumber(ARGV[at + 1]), at + 5
  local record, expected = redis.call('HGET', schedules, name), redis.call('ZSCORE', ticks, name)
  local same = record and expected and tonumber(expected) == tick and redis.sha1hex(record) == ARGV[at + 2]
  local next_tick = ARGV[at + 3]
  at = first + 6 * tonumber(ARGV[at + 4])
  if not same or tick > now then
    verdicts[#verdicts + 1] = 0
  elseif not has_room(first, at - 1) then
    verdicts[#verdicts + 1] = -1
  else
    add_following({}, first, at - 1, now)
    redis.call('ZADD', ticks, next_tick, name)
    verdicts[#verdicts + 1] = 1
  end
end
return { now, verdicts }

-- SCRIPT cancel: removes jobs that have not begun, and marks those that are active for the process that runs them.
-- KEYS: jobs waiting suspects holders held delayed failures dead completed events meta places
-- ARGV: offsetMs side { id }*
-- RETURNS: { nowMs, { 0 unknown | 1 ended | 2 cancelled | 3 active, and marked }* }
-- STATE: waiting | delayed -> none
-- COST: O(waiting) a job that waits, and O(holders), at most 1000 of them
-- USES: now wake place dedup dedup_end side settle results take_out
local q = {
  jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], holders = KEYS[4], held = KEYS[5], delayed = KEYS[6],
  failures = KEYS[7], dead = KEYS[8], completed = KEYS[9], events = KEYS[10], meta = KEYS[11], places = KEYS[12],
}
q.placed = has_places(q)
local now = now_ms(ARGV[1])
open_side(q, ARGV[2], now)

local ids, active, answers, marks = { unpack(ARGV, 3) }, {}, {}, 0
for _, token in ipairs(redis.call('ZRANGE', q.holders, 0, 999)) do
  for at, member in ipairs(redis.call('SMISMEMBER', q.held .. token, unpack(ids))) do
    if member == 1 then active[ids[at]] = true end
  end
end

for at, id in ipairs(ids) do
  if redis.call('HEXISTS', q.jobs, id) == 0 then
    answers[at] = 0
  elseif redis.call('ZSCORE', q.dead, id) or redis.call('ZSCORE', q.completed, id) then
    answers[at] = 1
  elseif active[id] then
    marks = marks + 1
    redis.call('SADD', q.cancelled, id)
    answers[at] = 3
  else
    take_out(q, id)
    end_cancelled(q, id, now)
    answers[at] = 2
  end
end
trim_results(q, now)
announce(q)
-- A group may go on, and what waited behind the job is next.
if q.placed then wake(q.meta, q.events) end
if marks > 0 then redis.call('PUBLISH', q.events, 'cancel') end
return { now, answers }

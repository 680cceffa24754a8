-- SCRIPT commit: acknowledges jobs together with the jobs that follow from them; for each of them both happen, or neither does.
-- KEYS: jobs holders held delayed failures completed places
-- ARGV: offsetMs token completedCount completedAgeMs refusedDelayMs side { parentId failedBefore jobs { prefix maxWaiting id delayMs more body }* }*
-- RETURNS: { nowMs, lostIds, refusedIds }
-- STATE: active -> completed | delayed | none; none -> waiting | delayed, in the queues whose keys begin with the prefixes
-- COST: O(jobs); about six commands a job that follows
-- USES: now wake place join dedup dedup_end side trim settle results follow
local q = {
  jobs = KEYS[1], holders = KEYS[2], held = KEYS[3], delayed = KEYS[4], failures = KEYS[5], completed = KEYS[6],
  places = KEYS[7],
}
q.placed = has_places(q)
local now, keep = now_ms(ARGV[1]), tonumber(ARGV[3]) > 0
local held = q.held .. ARGV[2]

-- The first write is one that Redis allows when its memory is full: what was accepted is done to its end then.
redis.call('ZREM', q.holders, '')

open_side(q, ARGV[6], now)
local lost, refused, done, is_done = {}, {}, {}, {}
local at = 7
while at <= #ARGV do
  local id, failed, first = ARGV[at], ARGV[at + 1] == '1', at + 3
  at = first + 6 * tonumber(ARGV[at + 2])
  if redis.call('SISMEMBER', held, id) == 0 then
    lost[#lost + 1] = id
  elseif not has_room(first, at - 1) then
    refused[#refused + 1] = id
    redis.call('SREM', held, id)
    redis.call('ZADD', q.delayed, now + tonumber(ARGV[5]), id)
  else
    done[#done + 1] = id
    is_done[id] = true
    redis.call('SREM', held, id)
    if failed then redis.call('HDEL', q.failures, id) end
    add_following(q, first, at - 1, now, is_done)
  end
end
complete(q, done, now, keep)
keep_results(q, is_done, now)
trim_results(q, now)
if keep and #done > 0 then trim(q.completed, q, now, tonumber(ARGV[3]), tonumber(ARGV[4])) end
announce(q)
return { now, lost, refused }

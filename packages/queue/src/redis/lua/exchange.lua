-- SCRIPT exchange: one call settles what a holder finished, renews its lease, recovers and promotes, and claims more.
-- KEYS: jobs waiting suspects holders held delayed failures dead completed meta events places
-- ARGV: offsetMs token known leaseMs maxLeaseLosses want wantSuspect completedCount completedAgeMs deadCount deadAgeMs [ackId]* [clearId]* slots [count,perMs,cap] side { id verb delayMs record }*
-- RETURNS: { nowMs, 0 holds | 1 expired | 2 holds nothing, nextDueMs, lostIds, [ids,bodies] | { [ids], bodies }, records, suspects, recovered, poisoned, 1 slotsOnly | 0, cancelledIds }
-- STATE: active -> completed | delayed | waiting | dead | none; delayed -> waiting; waiting -> active
-- COST: O(settled + claimed); about twelve commands a call, none for a job acknowledged at its first attempt
-- USES: now wake place join dedup dedup_end side trim recover promote settle results rows choose claim limit
local q = {
  jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], holders = KEYS[4], held = KEYS[5], delayed = KEYS[6],
  failures = KEYS[7], dead = KEYS[8], completed = KEYS[9], meta = KEYS[10], events = KEYS[11], places = KEYS[12],
}
q.placed = has_places(q)
local now, token = now_ms(ARGV[1]), ARGV[2]
local held, want, keep, lost = q.held .. token, tonumber(ARGV[6]), tonumber(ARGV[8]) > 0, {}

-- The first write is one that Redis allows when its memory is full: settling and claiming go on then, and drain the queue.
redis.call('ZREM', q.holders, '')

-- A holder that was recovered owns nothing any more: it settles and claims nothing, and comes back under a new token.
local lease = tonumber(redis.call('ZSCORE', q.holders, token) or 0)
if ARGV[3] == '1' and lease == 0 then return { now, 1, 0, {}, '', {}, 0, 0, 0, 0, {} } end
-- One that comes late, but before anybody recovered it, is alive: without this it would lose to itself what it holds.
if lease > 0 and lease <= now then redis.call('ZADD', q.holders, now + tonumber(ARGV[4]), token) end

open_side(q, ARGV[16], now)
keep_progress(q, held)
local done, acked = release_held(held, cjson.decode(ARGV[12]), lost)
complete(q, done, now, keep)
keep_results(q, acked, now)
for _, id in ipairs(cjson.decode(ARGV[13])) do
  if acked[id] then redis.call('HDEL', q.failures, id) end
end

local rows, died = settle_rows(q, held, 17, lost, now)

local recovered, poisoned = recover(q, now, tonumber(ARGV[5]))
if died + poisoned > 0 then trim(q.dead, q, now, tonumber(ARGV[10]), tonumber(ARGV[11])) end
if keep and #done > 0 then trim(q.completed, q, now, tonumber(ARGV[8]), tonumber(ARGV[9])) end
trim_results(q, now)
promote(q, now)
local may = limit(q, now, want, tonumber(ARGV[14]), ARGV[15])
local ids, bodies, records, suspect = claim(q, held, may.room, ARGV[7] == '1')
local refill = spend(q, may, now, #ids)

-- A holder is listed only while it holds something, so an idle consumer leaves no trace and wakes nobody.
local status = 2 * (1 - redis.call('EXISTS', held))
if status == 0 then redis.call('ZADD', q.holders, now + tonumber(ARGV[4]), token) else redis.call('ZREM', q.holders, token) end
-- Suspects that are left are news for others only where this holder could have taken them; one that may not must not wake itself.
local waits = has_waiting(q) or (ARGV[7] == '1' and redis.call('LLEN', q.suspects) > 0)
if not may.paused and (recovered > 0 or rows > 0 or (waits and may.left > 0)) then wake(q.meta, q.events) end
-- Who comes back for the next token need not be woken by every new job.
if not waits or may.paused then refill = -1 end
if #ids < may.asked and refill < 0 then redis.call('HSET', q.meta, 'sleeping', '1') end
announce(q)
-- Jobs that somebody cancelled: those that run are to be aborted, those that were claimed just now are not to begin.
local cancelled = q.marked and redis.call('SINTER', q.cancelled, held) or {}
local due = next_due(q, token, now, refill)
return { now, status, due, lost, packed(ids, bodies), records, suspect, recovered, poisoned, may.slots_only, cancelled }

-- SCRIPT exchange: one call settles what a holder finished, renews its lease, recovers and promotes, and claims more.
-- KEYS: jobs waiting suspects holders held delayed failures dead completed meta events places
-- ARGV: offsetMs token known leaseMs maxLeaseLosses want wantSuspect completedCount completedAgeMs deadCount deadAgeMs [ackId]* [clearId]* slots [count,perMs,cap] { id verb delayMs record }*
-- RETURNS: { nowMs, 0 holds | 1 expired | 2 holds nothing, nextDueMs, lostIds, [ids,bodies] | { [ids], bodies }, records, suspects, recovered, poisoned, 1 slotsOnly | 0 }
-- STATE: active -> completed | delayed | waiting | dead | none; delayed -> waiting; waiting -> active
-- COST: O(settled + claimed); about eleven commands a call, none for a job acknowledged at its first attempt
-- USES: now wake place join trim recover promote settle choose claim limit
local q = {
  jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], holders = KEYS[4], held = KEYS[5], delayed = KEYS[6],
  failures = KEYS[7], dead = KEYS[8], completed = KEYS[9], meta = KEYS[10], events = KEYS[11], places = KEYS[12],
}
q.placed = has_places(q)
local now, token = now_ms(ARGV[1]), ARGV[2]
local held, want, keep, lost = q.held .. token, tonumber(ARGV[6]), tonumber(ARGV[8]) > 0, {}
local rows = (#ARGV - 15) / 4

-- The first write is one that Redis allows when its memory is full: settling and claiming go on then, and drain the queue.
redis.call('ZREM', q.holders, '')

-- A holder that was recovered owns nothing any more: it settles and claims nothing, and comes back under a new token.
local lease = tonumber(redis.call('ZSCORE', q.holders, token) or 0)
if ARGV[3] == '1' and lease == 0 then return { now, 1, 0, {}, '', {}, 0, 0, 0, 0 } end
-- One that comes late, but before anybody recovered it, is alive: without this it would lose to itself what it holds.
if lease > 0 and lease <= now then redis.call('ZADD', q.holders, now + tonumber(ARGV[4]), token) end

local done, acked = release_held(held, cjson.decode(ARGV[12]), lost)
complete(q, done, now, keep)
for _, id in ipairs(cjson.decode(ARGV[13])) do
  if acked[id] then redis.call('HDEL', q.failures, id) end
end

local others, died = {}, 0
for row = 1, rows do others[row] = ARGV[12 + 4 * row] end
local _, is_held = release_held(held, others, lost)
for row = 1, rows do
  local at = 12 + 4 * row
  if is_held[others[row]] then
    settle_row(q, { unpack(ARGV, at, at + 3) }, now)
    if ARGV[at + 1] == 'dead' then died = died + 1 end
  end
end

local recovered, poisoned = recover(q, now, tonumber(ARGV[5]))
if died + poisoned > 0 then trim(q.dead, q, now, tonumber(ARGV[10]), tonumber(ARGV[11])) end
if keep and #done > 0 then trim(q.completed, q, now, tonumber(ARGV[8]), tonumber(ARGV[9])) end
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
return { now, status, next_due(q, token, now, refill), lost, packed(ids, bodies), records, suspect, recovered, poisoned, may.slots_only }

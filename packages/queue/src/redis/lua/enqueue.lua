-- SCRIPT enqueue: adds the jobs that are not there yet; a full queue refuses a job and leaves no trace of it.
-- KEYS: jobs waiting suspects delayed meta events
-- ARGV: offsetMs maxWaiting [id,delayMs,fresh|more,body]*
-- RETURNS: { nowMs, waiting, { at, 0 existing | 1 existing with another body | -1 full }*, { at, idThatHasTheKey }* }; a job that is not named was created, which is nearly all
-- STATE: none -> waiting | delayed
-- COST: O(1) a job; three commands a batch, one a delayed or repeated job, and about seven for one with a key
-- USES: now wake same_body dedup dedup_end
local jobs = KEYS[1]
local waiting = KEYS[2]
local suspects = KEYS[3]
local delayed = KEYS[4]
local meta = KEYS[5]
local events = KEYS[6]

local now = now_ms(ARGV[1])
local max_waiting = tonumber(ARGV[2])
local depth = redis.call('LLEN', waiting) + redis.call('LLEN', suspects) + redis.call('ZCARD', delayed)
local stamp = struct.pack('>I6', now)

local refused, bodies, ready, due, seen = {}, {}, {}, {}, {}
local dedup, owners, none = dedup_of(jobs), {}, {}
-- One argument holds all jobs, as a MessagePack list; the third value of one that has more is a map: f = fresh, k = key, t = the key's time.
local new = cmsgpack.unpack(ARGV[3])
for at = 1, #new, 4 do
  local id, delay, fresh, envelope = new[at], new[at + 1], new[at + 2], new[at + 3]
  local more = type(fresh) == 'table' and fresh or none
  local existing = seen[id] or ((more.f or fresh) == 0 and redis.call('HGET', jobs, id))
  local owner = not existing and owner_of(dedup, more.k, now)
  if existing or owner or depth >= max_waiting then
    refused[#refused + 1] = (at - 1) / 4
    refused[#refused + 1] = owner and owner_verdict(owner, envelope) or not existing and -1 or same_body(existing, envelope) and 0 or 1
    if owner then owners[#owners + 1], owners[#owners + 2] = (at - 1) / 4, string.sub(owner, 17) end
  else
    local body = stamp .. envelope
    seen[id] = body
    depth = depth + 1
    bodies[#bodies + 1] = id
    bodies[#bodies + 1] = body
    if more.k then take_key(dedup, more, id, envelope) end
    if delay > 0 then
      due[#due + 1] = now + delay
      due[#due + 1] = id
    else
      ready[#ready + 1] = id
    end
  end
end

if #bodies > 0 then
  redis.call('HSET', jobs, unpack(bodies))
  if #ready > 0 then redis.call('RPUSH', waiting, unpack(ready)) end
  if #due > 0 then redis.call('ZADD', delayed, unpack(due)) end
  remember(dedup, now)
  if #dedup.taken > 0 then sweep(dedup, now) end
  wake(meta, events)
end
return { now, depth, refused, owners }

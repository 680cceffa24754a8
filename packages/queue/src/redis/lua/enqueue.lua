-- SCRIPT enqueue: adds the jobs that are not there yet; a full queue refuses a job and leaves no trace of it.
-- KEYS: jobs waiting suspects delayed meta events places
-- ARGV: offsetMs maxWaiting [id,delayMs,fresh|more,body]*
-- RETURNS: { nowMs, waiting, { at, 0 existing | 1 existing with another body | -1 full }*, { at, idThatHasTheKey }* }; a job that is not named was created, which is nearly all
-- STATE: none -> waiting | delayed
-- COST: O(1) a job; four commands a batch, one a delayed or repeated job, four a class or group, and about seven for one with a key
-- USES: now wake same_body place join dedup dedup_end
local q = {
  jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], delayed = KEYS[4], meta = KEYS[5], events = KEYS[6], places = KEYS[7],
}

local now, max_waiting = now_ms(ARGV[1]), tonumber(ARGV[2])
local depth = redis.call('LLEN', q.waiting) + redis.call('LLEN', q.suspects) + redis.call('ZCARD', q.delayed)
  + tonumber(redis.call('HGET', q.meta, 'placed') or 0)
local stamp = struct.pack('>I6', now)

local refused, bodies, ready, due, seen, placed, place_of = {}, {}, {}, {}, {}, {}, {}
local dedup, owners, none = dedup_of(q.jobs), {}, {}
-- One argument holds all jobs, as a MessagePack list. Where a job has more, a map is in the place of `fresh`: f = that, p = place, k = key, t = its time.
local new = cmsgpack.unpack(ARGV[3])
for at = 1, #new, 4 do
  local id, delay, fresh, envelope = new[at], new[at + 1], new[at + 2], new[at + 3]
  local more = type(fresh) == 'table' and fresh or none
  local existing = seen[id] or ((more.f or fresh) == 0 and redis.call('HGET', q.jobs, id))
  local owner = not existing and owner_of(dedup, more.k, now)
  if existing or owner or depth >= max_waiting then
    append(refused, (at - 1) / 4, owner and owner_verdict(owner, envelope) or not existing and -1 or same_body(existing, envelope) and 0 or 1)
    if owner then append(owners, (at - 1) / 4, string.sub(owner, 17)) end
  else
    local body = stamp .. envelope
    seen[id] = body
    depth = depth + 1
    append(bodies, id, body)
    if more.k then take_key(dedup, more, id, envelope) end
    if delay > 0 then
      append(due, now + delay, id)
    else
      ready[#ready + 1] = id
    end
    if more.p then
      append(placed, id, more.p)
      if delay == 0 then place_of[#ready] = more.p end
    end
  end
end

if #bodies > 0 then
  local plan = #placed > 0 and redis.call('HLEN', q.places) + check_groups(q) >= 0 and plan_join(q, ready, place_of)
  redis.call('HSET', q.jobs, unpack(bodies))
  if plan then
    redis.call('HSET', q.places, unpack(placed))
    join(q, plan)
  elseif #ready > 0 then
    redis.call('RPUSH', q.waiting, unpack(ready))
  end
  if #due > 0 then redis.call('ZADD', q.delayed, unpack(due)) end
  keep_keys(dedup, now)
  wake(q.meta, q.events)
end
return { now, depth, refused, owners }

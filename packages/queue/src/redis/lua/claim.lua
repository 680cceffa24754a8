-- FRAGMENT claim: takes one suspect if the holder may run one, then waiting jobs, and puts them into the held set.
local function claim(q, held, want, want_suspect)
  local ids, suspect = {}, 0
  if want_suspect and want > 0 then
    ids[1] = redis.call('LPOP', q.suspects) or nil
    suspect = #ids
  end
  if want > #ids then
    if q.placed then choose(q, ids, want) else take(ids, q.waiting, want - #ids) end
  end
  if #ids == 0 then return ids, {}, {}, 0 end
  local records = {}
  if redis.call('EXISTS', q.failures) == 1 then records = redis.call('HMGET', q.failures, unpack(ids)) end
  redis.call('SADD', held, unpack(ids))
  return ids, redis.call('HMGET', q.jobs, unpack(ids)), records, suspect
end

-- Whether there is something to claim.
local function has_waiting(q)
  if redis.call('LLEN', q.waiting) > 0 then return true end
  if not q.placed then return false end
  for class = 0, 9 do
    if class ~= 4 and redis.call('LLEN', beside(q, 'waiting:' .. class)) > 0 then return true end
  end
  return redis.call('LLEN', beside(q, 'turns')) > 0
end

-- When to come back if nobody calls: the next due job, the next lease of another holder that may run out, or the next token of the rate; -1 for never.
local function next_due(q, token, now, refill)
  local due = refill
  local head = redis.call('ZRANGE', q.delayed, 0, 0, 'WITHSCORES')
  if head[2] and (due < 0 or head[2] - now < due) then due = math.max(0, head[2] - now) end
  local holders = redis.call('ZRANGE', q.holders, 0, 1, 'WITHSCORES')
  for at = 1, #holders, 2 do
    local expiry = math.max(0, holders[at + 1] - now)
    if holders[at] ~= token and (due < 0 or expiry < due) then due = expiry end
  end
  return due
end

-- Small envelopes travel packed, which spares Redis and the client an element each; large ones as they are, which spares two copies.
local function packed(ids, bodies)
  if #ids == 0 then return '' end
  if bodies[1] and #bodies[1] >= 1024 then return { cmsgpack.pack(ids), bodies } end
  return cmsgpack.pack(ids, bodies)
end

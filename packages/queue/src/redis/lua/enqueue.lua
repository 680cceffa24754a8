-- SCRIPT enqueue: adds the jobs that are not there yet; a full queue refuses a job and leaves no trace of it.
-- KEYS: jobs waiting suspects delayed meta events
-- ARGV: offsetMs maxWaiting [id,delayMs,fresh,body]*
-- RETURNS: { nowMs, waiting, { at, 0 existing | 1 existing with another body | -1 full }* }; a job that is not named was created, which is nearly all
-- STATE: none -> waiting | delayed
-- COST: O(1) a job; three commands a batch and one a delayed or repeated job
-- USES: now wake same_body
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
-- One argument holds all jobs, as a MessagePack list.
local new = cmsgpack.unpack(ARGV[3])
for at = 1, #new, 4 do
  local id, delay, fresh = new[at], new[at + 1], new[at + 2]
  local existing = seen[id] or (fresh == 0 and redis.call('HGET', jobs, id))
  if existing or depth >= max_waiting then
    refused[#refused + 1] = (at - 1) / 4
    refused[#refused + 1] = not existing and -1 or same_body(existing, new[at + 3]) and 0 or 1
  else
    local body = stamp .. new[at + 3]
    seen[id] = body
    depth = depth + 1
    bodies[#bodies + 1] = id
    bodies[#bodies + 1] = body
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
  wake(meta, events)
end
return { now, depth, refused }

-- FRAGMENT dedup: keys under which jobs are remembered, so that no second one is added.
-- `dedup` has key -> digest (16 bytes) and id; `dedup_until` when the keys with a time end; `dedup_ids` id -> key of those without one,
-- which last as long as their job. The names follow from the one of the jobs: all keys of a queue are in one slot.
local function dedup_of(jobs)
  local prefix = string.sub(jobs, 1, -5)
  return {
    jobs = jobs, dead = prefix .. 'dead', completed = prefix .. 'completed',
    entries = prefix .. 'dedup', ids = prefix .. 'dedup_ids', till = prefix .. 'dedup_until', taken = {}, ended = {},
  }
end

-- Digest and id of the job that has the key; nothing where it is free. A job that has ended has no key without a time, but gets it back by a redrive.
local function owner_of(d, key, now)
  if not key or d.taken[key] then return key and d.taken[key] end
  local entry = redis.call('HGET', d.entries, key)
  if not entry then return nil end
  local till = redis.call('ZSCORE', d.till, key)
  if till then return tonumber(till) > now and entry or nil end
  local id = string.sub(entry, 17)
  if d.ended[id] or redis.call('HEXISTS', d.jobs, id) == 0 or redis.call('ZSCORE', d.dead, id) or redis.call('ZSCORE', d.completed, id) then return nil end
  return entry
end

-- 0 for a job with the same body, 1 for one with another, as `same_body` tells of those that lie there.
local function owner_verdict(owner, envelope)
  return string.sub(owner, 1, 16) == string.sub(envelope, 3, 18) and 0 or 1
end

-- Gives the key to a new job; it is written by `remember`, with the job.
local function take_key(d, more, id, envelope)
  d.taken[more.k] = string.sub(envelope, 3, 18) .. id
  d.taken[#d.taken + 1] = more
end

local function remember(d, now)
  for _, more in ipairs(d.taken) do
    local entry, before = d.taken[more.k], redis.call('HGET', d.entries, more.k)
    if before then redis.call('HDEL', d.ids, string.sub(before, 17)) end
    redis.call('HSET', d.entries, more.k, entry)
    if more.t then
      redis.call('ZADD', d.till, now + more.t, more.k)
    else
      redis.call('ZREM', d.till, more.k)
      redis.call('HSET', d.ids, string.sub(entry, 17), more.k)
    end
  end
end

-- FRAGMENT limit: how many jobs may be claimed: none while paused; where places, a rate or a cap say who is next, no more than slots
-- are free, for what is fetched ahead would jump the line; then as many as the rate and the cap leave.
-- The rate is a GCRA (ITU-T I.371): `tat` in meta is when the next job would come at an even pace, in ms and the rest in 1/count ms.
local function read_rate(may, stored, now, count, per)
  local at, rest = string.match(stored or '', '^(%d+) (%d+)$')
  at, rest = tonumber(at or 0), tonumber(rest or 0)
  if at < now then at, rest = now, 0 end
  -- The clock went back, or the rate is another one now: at worst one `per` of silence comes of it.
  local astray = at > now + per
  if astray then at, rest = now + per, 0 end
  may.left = math.max(0, math.floor(((now + per - at) * count - rest) / per))
  may.rate = { at = at, rest = rest, count = count, per = per, astray = astray }
end

local function limit(q, now, want, slots, spec)
  local seen = redis.call('HMGET', q.meta, 'paused', 'tat')
  local may = { paused = seen[1], asked = want, left = 1e9, slots_only = (q.placed or spec ~= '') and 1 or 0 }
  if may.slots_only == 1 then may.asked = math.min(want, slots) end
  if spec ~= '' then
    local count, per, cap = unpack(cjson.decode(spec))
    if count > 0 then read_rate(may, seen[2], now, count, per) end
    if cap > 0 then
      local active = 0
      for _, token in ipairs(redis.call('ZRANGE', q.holders, 0, -1)) do active = active + redis.call('SCARD', q.held .. token) end
      may.left = math.max(0, math.min(may.left, cap - active))
    end
  end
  may.room = may.paused and 0 or math.min(may.asked, may.left)
  return may
end

-- What was claimed is taken off; answers when to come back for tokens, and -1 where there is one, or no rate. Not for each of many
-- tokens alone: a quarter of a span, and 10 ms, lose none.
local function spend(q, may, now, claimed)
  may.left = may.left - claimed
  local rate = may.rate
  if not rate then return -1 end
  local rest = rate.rest + claimed * rate.per
  local at = rate.at + math.floor(rest / rate.count)
  rest = rest % rate.count
  if claimed > 0 or rate.astray then redis.call('HSET', q.meta, 'tat', string.format('%.0f %.0f', at, rest)) end
  local next_at = at - rate.per + math.ceil((rest + rate.per) / rate.count)
  return next_at > now and math.max(next_at - now, math.min(10, math.floor(rate.per / 4))) or -1
end

-- FRAGMENT rows: ends attempts that did not succeed, and gives back what was not started.
-- One row is { id, verb, delayMs | 0, record }; verbs: retry, dead, release, release-suspect, cancel.
local function settle_row(q, row, now)
  local id, verb, record = row[1], row[2], row[4]
  if ends_cancelled(q, id, verb, now) then return end
  if record ~= '' then redis.call('HSET', q.failures, id, record) end
  if verb == 'retry' then
    redis.call('ZADD', q.delayed, now + tonumber(row[3]), id)
    note(q, 'retrying', id, tonumber(row[3]))
  elseif verb == 'dead' then
    redis.call('ZADD', q.dead, now, id)
    end_places(q, { id })
    note(q, 'dead', id, string.match(record, '"r":"([%l-]+)"'))
  elseif verb == 'release' then
    to_head(q, id, places_of(q, { id })[1], 'LPUSH')
  else
    redis.call('LPUSH', q.suspects, id)
  end
end

-- Rows begin at ARGV[first]; returns how many there are, and how many jobs were dead-lettered.
local function settle_rows(q, held, first, lost, now)
  local ids, died = {}, 0
  for at = first, #ARGV, 4 do ids[#ids + 1] = ARGV[at] end
  local _, is_held = release_held(held, ids, lost)
  for at = first, #ARGV, 4 do
    if is_held[ARGV[at]] then
      settle_row(q, { unpack(ARGV, at, at + 3) }, now)
      if ARGV[at + 1] == 'dead' then died = died + 1 end
    end
  end
  return #ids, died
end

-- FRAGMENT recover: what an expired holder held goes back, at most 2000 jobs a call (a holder never holds more).
-- All that a dead process held was lost together, so a first loss proves nothing about a job: it becomes a suspect, and
-- suspects run one at a time in a process. Only a job that is lost again and again as a suspect is dead-lettered as poison.
local function lose(q, id, now, max_losses)
  if ends_cancelled(q, id, 'lose', now) then return 0 end
  local record = redis.call('HGET', q.failures, id) or '0 0 '
  local attempts, losses, rest = string.match(record, '^(%d+) (%d+) ?(.*)$')
  losses = tonumber(losses) + 1
  redis.call('HSET', q.failures, id, attempts .. ' ' .. losses .. ' ' .. rest)
  -- The first loss makes the suspect; only the later ones are its own.
  if losses - 1 >= max_losses then
    redis.call('ZADD', q.dead, now, id)
    note(q, 'dead', id, 'poison')
    end_places(q, { id })
    return 1
  end
  redis.call('RPUSH', q.suspects, id)
  note(q, 'lost', id)
  return 0
end

local function recover(q, now, max_losses)
  local lost, poisoned, room = 0, 0, 2000
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', q.holders, '-inf', now, 'LIMIT', 0, 10)) do
    local held = q.held .. token
    local count = redis.call('SCARD', held)
    if count > room then break end
    room = room - count
    if count > 0 then
      for _, id in ipairs(redis.call('SPOP', held, count)) do
        poisoned = poisoned + lose(q, id, now, max_losses)
      end
    end
    lost = lost + count
    redis.call('ZREM', q.holders, token)
  end
  return lost, poisoned
end

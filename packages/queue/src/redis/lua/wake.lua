-- FRAGMENT wake: tells sleeping consumers once that something became claimable.
-- A consumer whose claim found nothing sets `sleeping` in meta; the first caller with news clears it and publishes.
local function wake(meta, events)
  if redis.call('HDEL', meta, 'sleeping') == 1 then
    redis.call('PUBLISH', events, 'wake')
  end
end

-- SCRIPT counts: how many jobs are in each state, and when the oldest of those that are next in their lists was enqueued.
-- KEYS: jobs waiting suspects holders held delayed dead completed meta places
-- ARGV: offsetMs
-- RETURNS: { nowMs, waiting, delayed, active, dead, completed, oldestEnqueuedAtMs | -1, 1 paused | 0, due }
-- STATE: unchanged
-- COST: O(holders), at most 1000 of them, and where jobs are in groups about two commands each for 200 of these
-- USES: now place heads
local q = { jobs = KEYS[1], waiting = KEYS[2], suspects = KEYS[3], places = KEYS[10] }
local holders = KEYS[4]
local held = KEYS[5]
local delayed = KEYS[6]
local dead = KEYS[7]
local completed = KEYS[8]
local meta = KEYS[9]

local now = now_ms(ARGV[1])
local active = 0
for _, token in ipairs(redis.call('ZRANGE', holders, 0, 999)) do
  active = active + redis.call('SCARD', held .. token)
end
q.placed = has_places(q)
local oldest = -1
for _, list in ipairs(waiting_lists(q, 100)) do
  local head = redis.call('LINDEX', list, 0)
  local body = head and redis.call('HGET', q.jobs, head)
  local at = body and struct.unpack('>I6', body) or oldest
  if oldest < 0 or at < oldest then oldest = at end
end
return {
  now,
  redis.call('LLEN', q.waiting) + redis.call('LLEN', q.suspects) + tonumber(redis.call('HGET', meta, 'placed') or 0),
  redis.call('ZCARD', delayed),
  active,
  redis.call('ZCARD', dead),
  redis.call('ZCARD', completed),
  oldest,
  redis.call('HEXISTS', meta, 'paused'),
  redis.call('ZCOUNT', delayed, '-inf', now),
}

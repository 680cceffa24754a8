-- SCRIPT counts: how many jobs are in each state, and when the oldest waiting job was enqueued.
-- KEYS: jobs waiting suspects holders held delayed dead completed meta
-- ARGV: offsetMs
-- RETURNS: { nowMs, waiting, delayed, active, dead, completed, oldestEnqueuedAtMs | -1, 1 paused | 0, due }
-- STATE: unchanged
-- COST: O(holders), at most 1000 of them
-- USES: now
local jobs = KEYS[1]
local waiting = KEYS[2]
local suspects = KEYS[3]
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
local oldest = -1
local head = redis.call('LINDEX', suspects, 0) or redis.call('LINDEX', waiting, 0)
local body = head and redis.call('HGET', jobs, head)
if body then oldest = struct.unpack('>I6', body) end
return {
  now,
  redis.call('LLEN', waiting) + redis.call('LLEN', suspects),
  redis.call('ZCARD', delayed),
  active,
  redis.call('ZCARD', dead),
  redis.call('ZCARD', completed),
  oldest,
  redis.call('HEXISTS', meta, 'paused'),
  redis.call('ZCOUNT', delayed, '-inf', now),
}

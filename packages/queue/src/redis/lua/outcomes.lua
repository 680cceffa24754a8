-- SCRIPT outcomes: what came of jobs, for those who wait for them.
-- KEYS: jobs failures dead completed
-- ARGV: { id }*
-- RETURNS: { state, result | record | '' }*; states: ended (by its result), dead, pending, unknown
-- STATE: unchanged
-- COST: O(ids), at most 1000 of them
-- USES:
local jobs = KEYS[1]
local failures = KEYS[2]
local dead = KEYS[3]
local completed = KEYS[4]

local answers = {}
for at, result in ipairs(redis.call('HMGET', string.sub(jobs, 1, -5) .. 'results', unpack(ARGV))) do
  local id, state, value = ARGV[at], 'unknown', ''
  if redis.call('ZSCORE', dead, id) then
    state, value = 'dead', redis.call('HGET', failures, id) or ''
  elseif redis.call('HEXISTS', jobs, id) == 1 and not redis.call('ZSCORE', completed, id) then
    state = 'pending'
  elseif result then
    state, value = 'ended', result
  end
  answers[#answers + 1] = state
  answers[#answers + 1] = value
end
return answers

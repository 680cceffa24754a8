-- SCRIPT schedules: a page of the schedules, by name.
-- KEYS: schedules ticks
-- ARGV: skip limit
-- RETURNS: { names, records, ticks }
-- STATE: unchanged
-- COST: O(schedules), at most 1000 of them
-- USES:
local schedules = KEYS[1]
local ticks = KEYS[2]

local names = redis.call('HKEYS', schedules)
table.sort(names)
local page, records, times = {}, {}, {}
for at = ARGV[1] + 1, math.min(ARGV[1] + ARGV[2], #names) do
  page[#page + 1] = names[at]
  records[#records + 1] = redis.call('HGET', schedules, names[at])
  times[#times + 1] = redis.call('ZSCORE', ticks, names[at]) or ''
end
return { page, records, times }

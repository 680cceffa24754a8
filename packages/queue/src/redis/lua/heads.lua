-- FRAGMENT heads: the lists in which jobs wait, those of the highest class first and those of groups last; 10000 groups at most.
local function each_group(q, max, visit)
  for _, group in ipairs(redis.call('LRANGE', beside(q, 'turns'), 0, max - 1)) do visit(group) end
  -- What one of these groups has runs, or waits for its retry, so that the others of the group wait without a turn.
  local flying = redis.call('HSCAN', beside(q, 'flying'), 0, 'COUNT', max)[2]
  local groups = {}
  for at = 1, #flying, 2 do groups[#groups + 1] = flying[at] end
  table.sort(groups)
  for _, group in ipairs(groups) do visit(group) end
end

local function waiting_lists(q, max_groups)
  if not q.placed then return { q.suspects, q.waiting } end
  local lists = { q.suspects }
  for class = 9, 0, -1 do lists[#lists + 1] = class == 4 and q.waiting or beside(q, 'waiting:' .. class) end
  each_group(q, max_groups, function(group) lists[#lists + 1] = beside(q, 'group:' .. group) end)
  return lists
end

-- FRAGMENT join: jobs go to the tail of where they wait: new, due or redriven ones.
-- Made in two steps, for a script reads all that it needs (and finds a key of the wrong type) before it writes.
local function plan_join(q, ids, places)
  local plan, by_key = {}, {}
  for at, id in ipairs(ids) do
    local place = places[at]
    local key = list_of(q, place)
    local line = by_key[key]
    if not line then
      local group, length = group_of(place), redis.call('LLEN', key)
      -- A group that has work, or runs some, has its turn already or gets it when that ends.
      local idle = group and length == 0 and redis.call('HEXISTS', beside(q, 'flying'), group) == 0
      line = { key = key, ids = {}, placed = place, turn = idle and group }
      by_key[key] = line
      plan[#plan + 1] = line
    end
    line.ids[#line.ids + 1] = id
  end
  return plan
end

local function join(q, plan)
  local placed, turns = 0, {}
  for _, line in ipairs(plan) do
    redis.call('RPUSH', line.key, unpack(line.ids))
    if line.placed then placed = placed + #line.ids end
    if line.turn then turns[#turns + 1] = line.turn end
  end
  if #turns > 0 then redis.call('RPUSH', beside(q, 'turns'), unpack(turns)) end
  count_placed(q, placed)
end

-- Two values for a list of pairs.
local function append(list, first, second)
  list[#list + 1] = first
  list[#list + 1] = second
end

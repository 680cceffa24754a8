-- FRAGMENT choose: takes the next jobs where some have a place: the classes above 4 first, then jobs without a group and groups
-- by turns, then the classes below 4. A group gives one job, and stands in line again when that has come to its end.
local function take(ids, key, count)
  if count < 1 then return end
  for _, id in ipairs(redis.call('LPOP', key, count) or {}) do ids[#ids + 1] = id end
end

local function take_groups(q, count)
  local ids, flying = {}, {}
  if count < 1 then return ids end
  for _, group in ipairs(redis.call('LPOP', beside(q, 'turns'), count) or {}) do
    local id = redis.call('LPOP', beside(q, 'group:' .. group))
    if id then
      ids[#ids + 1] = id
      flying[2 * #ids - 1] = group
      flying[2 * #ids] = id
    end
  end
  if #ids > 0 then redis.call('HSET', beside(q, 'flying'), unpack(flying)) end
  return ids
end

-- One of each in turn while there are both; `turn` in meta says who is next, so that this holds from claim to claim.
local function take_by_turns(q, ids, count)
  local alone, groups = redis.call('LLEN', q.waiting), redis.call('LLEN', beside(q, 'turns'))
  if groups == 0 then return take(ids, q.waiting, count) end
  local was_next = redis.call('HGET', q.meta, 'turn') == 'group'
  local group_next, order, of_groups = was_next, {}, 0
  for at = 1, math.min(count, alone + groups) do
    order[at] = group_next
    if alone == 0 or groups == 0 then order[at] = groups > 0 else group_next = not group_next end
    if order[at] then groups, of_groups = groups - 1, of_groups + 1 else alone = alone - 1 end
  end
  if group_next and not was_next then redis.call('HSET', q.meta, 'turn', 'group') end
  if was_next and not group_next then redis.call('HDEL', q.meta, 'turn') end
  local grouped, single, next_grouped, next_single = take_groups(q, of_groups), {}, 0, 0
  take(single, q.waiting, #order - of_groups)
  for _, group in ipairs(order) do
    if group then next_grouped = next_grouped + 1 else next_single = next_single + 1 end
    ids[#ids + 1] = group and grouped[next_grouped] or not group and single[next_single] or nil
  end
  count_placed(q, -#grouped)
end

local function choose(q, ids, want)
  local from = #ids
  for class = 9, 5, -1 do take(ids, beside(q, 'waiting:' .. class), want - #ids) end
  local high = #ids - from
  if want > #ids then take_by_turns(q, ids, want - #ids) end
  from = #ids
  for class = 3, 0, -1 do take(ids, beside(q, 'waiting:' .. class), want - #ids) end
  count_placed(q, from - #ids - high)
end

-- FRAGMENT place: where jobs wait that have a priority or a group; `places` says it of each (p<class> or g<group>) while there is one.
-- Their lists have the prefix of `places`; q.placed says whether `places` exists, and where it does not nothing here costs a command.
local function beside(q, name) return string.sub(q.places, 1, -7) .. name end

-- Asked first of all, so that a key of the wrong type is found before anything is written.
local function check_groups(q)
  return redis.call('LLEN', beside(q, 'turns')) + redis.call('HLEN', beside(q, 'flying'))
end

local function has_places(q)
  return redis.call('HLEN', q.places) > 0 and check_groups(q) >= 0
end

local function group_of(place)
  return place and string.sub(place, 1, 1) == 'g' and string.sub(place, 2)
end

local function list_of(q, place)
  if not place then return q.waiting end
  return beside(q, (group_of(place) and 'group:' or 'waiting:') .. string.sub(place, 2))
end

-- False for a job without a place.
local function places_of(q, ids)
  return q.placed and redis.call('HMGET', q.places, unpack(ids)) or {}
end

-- How many jobs are in the lists of classes and groups: the depth of a queue must not take a command for each of them.
local function count_placed(q, more)
  if more ~= 0 and redis.call('HINCRBY', q.meta, 'placed', more) == 0 then redis.call('HDEL', q.meta, 'placed') end
end

-- To the head of where it waited. The group of a job is no longer held up by it; `push` says at which end of the turns it stands.
local function to_head(q, id, place, push)
  redis.call('LPUSH', list_of(q, place), id)
  if not place then return end
  count_placed(q, 1)
  local group = group_of(place)
  if group then
    redis.call('HDEL', beside(q, 'flying'), group)
    redis.call(push, beside(q, 'turns'), group)
  end
end

-- Jobs have come to their end, so that their groups go on; where the job itself is gone its place is forgotten.
local function end_places(q, ids, gone)
  if not q.placed then return end
  local turns = {}
  for _, place in ipairs(places_of(q, ids)) do
    local group = group_of(place)
    if group then
      redis.call('HDEL', beside(q, 'flying'), group)
      if redis.call('LLEN', list_of(q, place)) > 0 then turns[#turns + 1] = group end
    end
  end
  if #turns > 0 then redis.call('RPUSH', beside(q, 'turns'), unpack(turns)) end
  if gone then redis.call('HDEL', q.places, unpack(ids)) end
end

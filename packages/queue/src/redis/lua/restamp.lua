-- FRAGMENT restamp: marks jobs as redriven (flag 32 of the envelope) and enqueued now, so that deadline and waiting time begin anew.
local function restamp(jobs, ids, now)
  local stamp, fresh = struct.pack('>I6', now), {}
  for at, stored in ipairs(redis.call('HMGET', jobs, unpack(ids))) do
    if stored and #stored >= 8 then
      fresh[#fresh + 1] = ids[at]
      fresh[#fresh + 1] = stamp .. string.sub(stored, 7, 7) .. string.char(bit.bor(string.byte(stored, 8), 32)) .. string.sub(stored, 9)
    end
  end
  if #fresh > 0 then redis.call('HSET', jobs, unpack(fresh)) end
end

-- FRAGMENT now: the time of Redis in whole milliseconds; offset is 0 outside our own suites.
local function now_ms(offset)
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(offset)
end

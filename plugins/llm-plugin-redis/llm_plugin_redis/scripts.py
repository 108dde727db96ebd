"""What runs in Redis: one script decides all claims of a call at once, by the server's own clock; one settles them.

A window is a hash `{end, used}` that expires with it; `end` (ms) tells it from the next. Calls at a time are a sorted
set of calls by when their lease ends.
"""

CLAIM = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)

local function month_end(days)
  -- Howard Hinnant, chrono-compatible low-level date algorithms: civil_from_days, days_from_civil
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153) + 1
  local y = yoe + era * 400
  if mp == 12 then mp = 0; y = y + 1 end
  era = math.floor(y / 400)
  yoe = y - era * 400
  doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + math.floor((153 * mp + 2) / 5)
  return (era * 146097 + doe - 719468) * 86400000
end

local function window_end(window)
  if window == 'day' then return (math.floor(now / 86400000) + 1) * 86400000 end
  if window == 'month' then return month_end(math.floor(now / 86400000)) end
  return now + tonumber(window) * 1000
end

-- ARGV: the call's own name, the lease in ms, then of each key: window ('' for calls at a time), amount, most, shadow
local call, lease = ARGV[1], tonumber(ARGV[2])
local ends, used, over = {}, {}, {}
for i, key in ipairs(KEYS) do
  local window, amount = ARGV[4 * i - 1], tonumber(ARGV[4 * i])
  local most, shadow = tonumber(ARGV[4 * i + 1]), ARGV[4 * i + 2]
  if window == '' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    ends[i], used[i] = 0, redis.call('ZCARD', key)
  else
    local found = redis.call('HMGET', key, 'end', 'used')
    ends[i], used[i] = tonumber(found[1] or 0), tonumber(found[2] or 0)
    if ends[i] <= now then ends[i], used[i] = 0, 0 end
  end
  if used[i] + amount > most then
    if shadow == '0' then
      return {i, now, tostring(used[i]), string.format('%.0f', ends[i]), over}
    end
    over[#over + 1] = i
  end
end
local told = {}
for i, key in ipairs(KEYS) do
  local window, amount = ARGV[4 * i - 1], tonumber(ARGV[4 * i])
  if window == '' then
    redis.call('ZADD', key, now + lease, call)
    redis.call('PEXPIRE', key, lease)
    told[i] = {tostring(used[i] + amount), '0'}
  else
    if ends[i] == 0 then
      ends[i] = window_end(window)
      redis.call('DEL', key)
      redis.call('HSET', key, 'end', string.format('%.0f', ends[i]))
    end
    redis.call('HINCRBY', key, 'used', amount)
    redis.call('PEXPIREAT', key, string.format('%.0f', ends[i]))
    told[i] = {string.format('%.0f', used[i] + amount), string.format('%.0f', ends[i])}
  end
end
return {0, now, told, '', over}
"""

SETTLE = """
-- ARGV: the call's own name, then of each key: the window's end ('0' for calls at a time), and what is added
for i, key in ipairs(KEYS) do
  local window, more = ARGV[2 * i], ARGV[2 * i + 1]
  if window == '0' then
    redis.call('ZREM', key, ARGV[1])
  elseif redis.call('HGET', key, 'end') == window then
    if redis.call('HINCRBY', key, 'used', more) < 0 then redis.call('HSET', key, 'used', 0) end
  end
end
return 0
"""

/**
 * Breakers: one hash, by id: open until, tried until, in ms of the server's clock. ARGV: clock, operation, id, duration in ms. A breaker
 * that is not closed is forgotten ten minutes after it became due for a trial; of more than a thousand, one that is due for a trial is
 * evicted.
 */
export const breakerSource = `
local key, what, id, for_ms = KEYS[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = ARGV[1] ~= '' and tonumber(ARGV[1]) or (time[1] * 1000 + math.floor(time[2] / 1000))
local function read(value)
  local open, tried = string.match(value, '(%d+) (%d+)')
  return tonumber(open), tonumber(tried)
end
local function write(open, tried)
  redis.call('HSET', key, id, string.format('%.0f %.0f', open, tried))
  redis.call('PEXPIRE', key, 600000 + math.max(open, tried) - now)
end
if what == 'open' then
  if redis.call('HLEN', key) < 1000 or redis.call('HEXISTS', key, id) == 1 then write(now + for_ms, 0) end
  return 1
end
if what == 'close' then return redis.call('HDEL', key, id) end
if what == 'try' then
  local value = redis.call('HGET', key, id)
  if not value then return 1 end
  local open, tried = read(value)
  if math.max(open, tried) > now then return 0 end
  write(open, now + for_ms)
  return 1
end
local found, all = {}, redis.call('HGETALL', key)
for i = 1, #all, 2 do
  local open, tried = read(all[i + 1])
  if open + 600000 < now then
    redis.call('HDEL', key, all[i])
  else
    found[#found + 1] = all[i]
    found[#found + 1] = string.format('%.0f', math.max(0, math.max(open, tried) - now))
  end
end
return found`;

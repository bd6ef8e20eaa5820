import { type Script, scriptOf } from '../script/scripts.js';

/** A script with the name under which a server remembers it. */
export function named(source: string): Script {
  return scriptOf(source);
}

/**
 * Takes ARGV[1] requests back from a fixed window, unless it is over: a bare DECRBY would make a new counter then, below zero and without an
 * end.
 */
export const giveBackScript = named(`
local cost = tonumber(ARGV[1] or '1')
if redis.call('PTTL', KEYS[1]) > 0 and tonumber(redis.call('GET', KEYS[1])) >= cost then
  return redis.call('DECRBY', KEYS[1], cost)
end
return 0
`);

/** Counts ARGV[2] requests in a fixed window of ARGV[1] ms. Returns the count and the ms to the window's end. */
export const countSeveralScript = named(`
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
  return { tonumber(ARGV[2]), tonumber(ARGV[1]) }
end
return { redis.call('INCRBY', KEYS[1], ARGV[2]), left }
`);

/**
 * Counts ARGV[2] requests (0: looks only) in the sliding window of ARGV[1] ms, which is a hash of times and their counts: exact times up to
 * sixty, then the ends of sixtieths of the window, so at most 121 fields. Returns the count, the ms until it has fallen to ARGV[3] (of one
 * that is there: until its oldest request leaves; -1 when empty), and the time under which the requests are kept.
 */
export const slideScript = named(`
local window, cost, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local fields = redis.call('HGETALL', KEYS[1])
local times, counts, gone, total = {}, {}, {}, 0
for index = 1, #fields, 2 do
  local at = tonumber(fields[index])
  if at + window <= now then
    gone[#gone + 1] = fields[index]
  else
    times[#times + 1] = at
    counts[at] = tonumber(fields[index + 1])
    total = total + counts[at]
  end
end
table.sort(times)
local at = now
if cost > 0 then
  if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
  if #times >= 60 then
    local step = math.max(1, math.floor(window / 60))
    at = (math.floor(now / step) + 1) * step - 1
  end
  local latest = times[#times]
  if latest and latest > at then at = latest end
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', at), cost)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', at + window - now))
  if not counts[at] then
    times[#times + 1] = at
    counts[at] = 0
  end
  counts[at] = counts[at] + cost
  total = total + cost
end
local left = total
for _, time in ipairs(times) do
  left = left - counts[time]
  if left <= limit then return { total, time + window - now, string.format('%.0f', at) } end
end
return { 0, -1, string.format('%.0f', at) }
`);

/** Takes ARGV[2] requests back from a sliding window that are kept under the time ARGV[1]; none where that time has fewer. */
export const slideBackScript = named(`
local count = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local cost = tonumber(ARGV[2])
if count < cost then return 0 end
if count == cost then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return redis.call('HINCRBY', KEYS[1], ARGV[1], -cost)
`);

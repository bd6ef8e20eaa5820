/**
 * Registers a process, and returns the others: KEYS[1] is a hash of process → time of its last registration and its longest lease. ARGV:
 * the process, its longest lease, the time without registration after which a process counts as gone. Returns whether it was registered,
 * then each other.
 */
export const registry = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HEXISTS', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. '/' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], 3600000)
local all, others = redis.call('HGETALL', KEYS[1]), { known }
for i = 1, #all, 2 do
  local at, leaseMs = all[i + 1]:match('^(%d+)/(%d+)$')
  if now - tonumber(at) > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    others[#others + 1] = all[i]
    others[#others + 1] = tonumber(leaseMs)
  end
end
return others
`;

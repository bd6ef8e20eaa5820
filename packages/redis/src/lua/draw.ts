import { marking } from './marking.js';

/**
 * Settles a part of a lease on one counter, and leaves the rest held by the next attempt, whose floor it becomes: this is how slices report
 * the part used. Returns 1, or 0 with nothing changed where the case is not plain: then renewing and charging do it. Arguments of each
 * operation: id, the current attempt of the lease, the next one, hash, field, cap, amount, release, and the amount left after it.
 */
export const draw = `
local out = {}
for i = 1, count do
  local id, attemptId, nextId, scope, field, limit, amount, release, left = sunpack('<sssssdddd', ARGV[i + 1])
  local hash, lease = base .. scope, base .. 'r:' .. id
  local head = firstEnd > now and pcall('LINDEX', lease, 0)
  local done = 0
  if type(head) == 'string' then
    local state, leaseMs, expires, rest, attempts, holds, places, at = sunpack('<BddBHHs', head)
    local known, knownState, before
    if attempts > 0 then known, knownState, at = sunpack('<sB', head, at) end
    if attempts == 2 then
      before = known
      known, knownState, at = sunpack('<sB', head, at)
    end
    if state == 0 and holds == 1 and attempts <= 2 and (rest == 1 or rest == 3) then
      local held = sunpack('<d', head, at)
      if attemptId == before and nextId == known then
        done = 1
      elseif attemptId == known and knownState == 0 and held - release == left then
        local value, kind = call('HGET', hash, field), byte(field)
        if value and kind == 99 and #value == 21 then
          local used, holding, over, reached = sunpack('<ddI4B', value)
          used, holding = max(0, used + amount), max(0, holding - release)
          local threshold = thresholds[reached + 1]
          value = not (threshold and used >= threshold * limit) and spack('<ddI4B', used, holding, over, reached)
        elseif value and kind == 98 and #value == 49 then
          local whole, rest, since, holding, num, den, reached = sunpack('<ddddddB', value)
          local parts = (now - since) * num + rest
          local plain = now >= since and parts <= 9007199254740991
          if now > since then
            since = now
            local units = floor(parts / den)
            if units >= whole then whole, rest = 0, 0 else whole, rest = whole - units, parts - units * den end
          end
          if whole == 0 then reached = 0 end
          whole, holding = whole + amount - release, max(0, holding - release)
          if whole <= 0 then whole, rest = 0, 0 end
          local threshold = thresholds[reached + 1]
          plain = plain and not (threshold and max(0, whole - holding) >= threshold * limit)
          value = plain and spack('<ddddddB', whole, rest, since, holding, num, den, reached)
        elseif value and kind == 108 then
          value = spack('<d', max(0, sunpack('<d', value) - release))
        else
          value = false
        end
        if value then
          call('HSET', hash, field, value)
          call('LSET', lease, 0, spack('<BddBHHssBsBd', 0, leaseMs, expires, 3, 2, 1, places, known, 2, nextId, 0, left))
          done = 1
        end
      end
    end
  end
  out[i] = done
end
${marking}
return { 'done', now, out }
`;

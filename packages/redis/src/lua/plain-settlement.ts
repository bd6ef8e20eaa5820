import { remark } from './remark.js';

/**
 * The plain case of a settlement, which nearly all are: the one attempt that a live lease came with, which ends with it, on counters
 * that crossed no threshold and of which nothing is to be reported. As with plain admissions, whatever is not plain is left to the
 * code that follows, with nothing written, from operation `from` on.
 */
export const plainSettlement = `
local out, from = {}, 1
while from <= count and firstEnd > now do
  local data = ARGV[from + 1]
  local id, attemptId, close, _, event, size, first = sunpack('<ssdddd', data)
  local items = { sunpack('<' .. rep('sdddsdd', size), data, first) }
  local names = { base .. 'r:' .. id }
  for i = 1, size do names[i + 1] = base .. items[7 * i - 6] end
  local stored = call('MGET', unpack(names))
  local lease, plain = stored[1], close == 1
  local leaseMs, holds = 0, nothing
  if plain and lease then
    local state, rest, attempts, held, attempt, attemptState, at
    state, leaseMs, _, rest, attempts, held, at = sunpack('<dddddd', lease)
    plain = state == 0 and rest == 1 and attempts == 1 and held == size
    if plain then
      attempt, attemptState, at = sunpack('<sd', lease, at)
      plain = attempt == attemptId and attemptState == 0
      holds = { sunpack('<' .. rep('sd', size), lease, at) }
    end
  else
    plain = false
  end
  local values, expiries, answer, n, i = {}, {}, { 3 }, 1, 1
  while plain and i <= size do
    local at, value = 7 * i - 6, stored[i + 1]
    local key, amount, held = items[at], items[at + 2], holds[2 * i]
    -- Holds are one for each counter, hence so are items that are alike.
    if holds[2 * i - 1] ~= key or not value then
      plain = false
      break
    end
    local kind = byte(key)
    if kind == 99 then
      local used, holding, ends, keep, reached = sunpack('<ddddd', value)
      used, holding = max(0, used + amount), max(0, holding - held)
      local threshold = thresholds[reached + 1]
      plain = #value == 40 and not (amount > 0 and threshold and used >= threshold * items[at + 1])
      values[i], expiries[i] = spack('<ddddd', used, holding, ends, keep, reached), 0
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = 1, used, holding, ends
      n = n + 4
    elseif kind == 98 then
      local whole, rest, since, holding, num, den, reached = sunpack('<ddddddd', value)
      local parts = (now - since) * num + rest
      plain = #value == 56 and now >= since and parts <= 9007199254740991
      if plain and now > since then
        since = now
        local units = floor(parts / den)
        if units >= whole then whole, rest = 0, 0 else whole, rest = whole - units, parts - units * den end
      end
      if whole == 0 then reached = 0 end
      whole, holding = whole + amount - held, max(0, holding - held)
      if whole <= 0 then whole, rest = 0, 0 end
      local threshold = thresholds[reached + 1]
      if amount > 0 and threshold and max(0, whole - holding) >= threshold * items[at + 1] then plain = false end
      if whole > 0 or holding > 0 then
        values[i] = spack('<ddddddd', whole, rest, since, holding, num, den, reached)
        expiries[i] = holding == 0 and min(1e13, floor(whole / num * den) + 60000)
      else
        values[i] = false
      end
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = 2, whole, rest, since
      answer[n + 5], answer[n + 6], answer[n + 7] = holding, num, den
      n = n + 7
    else
      local holding = max(0, sunpack('<d', value) - held)
      values[i], expiries[i] = holding > 0 and spack('<d', holding), false
      answer[n + 1], answer[n + 2] = 3, holding
      n = n + 2
    end
    i = i + 1
  end
  if not plain then break end

  local unneeded = { base .. 'x:' .. id }
  for i = 1, size do
    local value, expiry = values[i], expiries[i]
    if not value then
      unneeded[#unneeded + 1] = names[i + 1]
    elseif not expiry then
      call('SET', names[i + 1], value)
    elseif expiry == 0 then
      call('SET', names[i + 1], value, 'KEEPTTL')
    else
      call('SET', names[i + 1], value, 'PX', expiry)
    end
  end
  call('SET', names[1], spack('<ddddddsd', 1, leaseMs, now + 2 * leaseMs, 0, 1, 0, attemptId, 2), 'PX', max(1000, 2 * leaseMs))
  if record and event > 0 then call('XADD', base .. 'outbox', '*', 'k', 'u', 'e', ARGV[event]) end
  call('DEL', unpack(unneeded))
  call('ZREM', base .. 'leases', id)
  out[from], from = answer, from + 1
end
${remark}`;

import { remark } from './remark.js';

/**
 * The plain case of a settlement, which nearly all are: the one attempt that a live lease came with, which ends with it, on counters
 * that crossed no threshold and of which nothing is to be reported. It is answered with the time and the counters as they are stored,
 * in one text. As with plain admissions, whatever is not plain is left to the code that follows, with nothing written.
 */
export const plainSettlement = `
local out, from, gone = {}, 1, {}
while from <= count and firstEnd > now do
  local data = ARGV[from + 1]
  local id, attemptId, close, remembered, event, size, shape, groups, scope, width, cold, first = sunpack('<ssBsHHsHsHH', data)
  local lease = base .. 'r:' .. id
  local head = close == 1 and groups > 0 and pcall('LINDEX', lease, 0)
  if type(head) ~= 'string' then break end
  local state, leaseMs, _, rest, attempts, _, places, at = sunpack('<BddBHHs', head)
  if state ~= 0 or rest ~= 1 or attempts ~= 1 or places ~= shape then break end
  local attempt, attemptState
  attempt, attemptState, at = sunpack('<sB', head, at)
  local holds = { sunpack('<' .. rep('d', size), head, at) }
  local plain, done = attempt == attemptId and attemptState == 0, 0
  local values, writes, writeCount = { '', 0, 0, 0, 0 }, { 0, 0 }, 0
  while plain do
    local hash = base .. scope
    local read = { hash, 'k', sunpack(rep('s', width), data, first) }
    local at = read[width + 3]
    local stored = call('HMGET', unpack(read, 1, width + 2))
    local write, needs = { hash, 0, 0, 0, 0, 0, 0, 0, 0 }, now
    plain = stored[1]
    if not plain then break end
    for i = 1, width do
      local value = stored[i + 1]
      if not value then
        plain = false
        break
      end
      local field, held = read[i + 2], holds[done + 1]
      local limit, amount, _
      limit, amount, _, at = sunpack('<ddd', data, at)
      local kind = byte(field)
      if kind == 99 then
        local used, holding, over, reached = sunpack('<ddI4B', value)
        used, holding = max(0, used + amount), max(0, holding - held)
        local threshold = thresholds[reached + 1]
        if #value > 21 or amount > 0 and threshold and used >= threshold * limit then plain = false end
        value = spack('<ddI4B', used, holding, over, reached)
      elseif kind == 98 then
        local whole, rest, since, holding, num, den, reached = sunpack('<ddddddB', value)
        local parts = (now - since) * num + rest
        if #value > 49 or now < since or parts > 9007199254740991 then plain = false end
        if now > since then
          since = now
          local units = floor(parts / den)
          if units >= whole then whole, rest = 0, 0 else whole, rest = whole - units, parts - units * den end
        end
        if whole == 0 then reached = 0 end
        whole, holding = whole + amount - held, max(0, holding - held)
        if whole <= 0 then whole, rest = 0, 0 end
        local threshold = thresholds[reached + 1]
        if amount > 0 and threshold and max(0, whole - holding) >= threshold * limit then plain = false end
        needs = max(needs, now + floor(whole / num * den) + 60000)
        value = spack('<ddddddB', whole, rest, since, holding, num, den, reached)
      else
        value = spack('<d', max(0, sunpack('<d', value) - held))
      end
      done = done + 1
      values[done + 1], write[2 * i], write[2 * i + 1] = value, field, value
    end
    if not plain or 1000 * sunpack('<I4', stored[1]) < needs then
      plain = false
      break
    end
    writes[writeCount + 1], writes[writeCount + 2] = write, 2 * width + 1
    writeCount = writeCount + 2
    if done == size then break end
    scope, width, cold, first = sunpack('<sHH', data, at + cold)
  end
  if not plain then break end

  for i = 1, writeCount, 2 do call('HSET', unpack(writes[i], 1, writes[i + 1])) end
  call('SET', lease, spack('<BddBHHssB', 1, leaseMs, now + 2 * leaseMs, 0, 1, 0, '', attemptId, 2), 'PX', remembered)
  if record and event > 0 then call('XADD', base .. 'outbox', '*', 'k', 'u', 'e', ARGV[event]) end
  gone[from] = id
  values[1] = spack('<Bd', 0, now)
  out[from], from = concat(values, '', 1, size + 1), from + 1
end
if from > 1 then call('ZREM', base .. 'leases', unpack(gone)) end
${remark}`;

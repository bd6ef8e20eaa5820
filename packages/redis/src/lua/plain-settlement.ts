import { remark } from './remark.js';
import { runBegins, runEnds, runGoesOn, runReads, runTakes } from './run.js';

/**
 * The plain case of a settlement, which nearly all are: the one attempt that a live lease came with, which ends with it, on counters
 * that crossed no threshold and of which nothing is to be reported. It is answered with the time and the counters as they are stored,
 * in one text. As with plain admissions, whatever is not plain is left to the code that follows, with nothing written.
 */
export const plainSettlement = `
local out, from, gone = {}, 1, {}
local told, outbox, form, formSize = spack('<Bd', 0, now), base .. 'outbox', '', 0
${runBegins}
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
  if size ~= formSize then formSize, form = size, '<' .. rep('d', size) end
  local holds = { sunpack(form, head, at) }
  local plain, done = attempt == attemptId and attemptState == 0, 0
  local values = { '', 0, 0, 0, 0 }
  ${runGoesOn}
  local group = 1
  while plain do
    ${runReads}
    local needs = now
    for i = 1, width do
      local value, held = figures[2 * i + 1], holds[done + 1]
      if not value then
        plain = false
        break
      end
      local kind = byte(figures[2 * i])
      local limit, amount, _
      limit, amount, _, at = sunpack('<ddd', data, at)
      if kind == 99 then
        if #value ~= 21 then
          plain = false
          break
        end
        local used, holding, over, reached = sunpack('<ddI4B', value)
        used, holding = max(0, used + amount), max(0, holding - held)
        local threshold = thresholds[reached + 1]
        if amount > 0 and threshold and used >= threshold * limit then plain = false end
        value = spack('<ddI4B', used, holding, over, reached)
      elseif kind == 98 then
        if #value ~= 49 then
          plain = false
          break
        end
        local whole, rest, since, holding, num, den, reached = sunpack('<ddddddB', value)
        local parts = (now - since) * num + rest
        if now < since or parts > 9007199254740991 then plain = false end
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
      values[done + 1] = value
    end
    if not plain or keep < needs then
      plain = false
      break
    end
    if done == size then break end
    scope, width, cold, first = sunpack('<sHH', data, at + cold)
    group = group + 1
  end
  if not plain then break end

  ${runTakes}
  call('SET', lease, spack('<BddBHHssB', 1, leaseMs, now + 2 * leaseMs, 0, 1, 0, '', attemptId, 2), 'PX', remembered)
  if record and event > 0 then call('XADD', outbox, '*', 'e', ARGV[event]) end
  gone[from] = id
  values[1] = told
  out[from], from = concat(values, '', 1, size + 1), from + 1
end
${runEnds}
if from > 1 then call('ZREM', base .. 'leases', unpack(gone)) end
${remark}`;

import { remark } from './remark.js';
import { runBegins, runEnds, runGoesOn, runReads, runTakes } from './run.js';

/**
 * The plain case of a reservation, which nearly all are: a new id, whose first alternative fits, on existing counters with no threshold to
 * report. It is decided without a table for each counter, and returned as one text: alternative, time, expiry, whether the whole request
 * was granted, else the granted amounts, and each counter as it is stored. All other cases are left, with nothing written, to the code that
 * follows, from operation `from` on.
 */
export const plainAdmission = `
local out, from, born = {}, 1, {}
-- Of leases that end together, and of requests with as many charges: made once.
local expiry, expiryText, told, form, formSize = 0, '', '', '', 0
${runBegins}
while from <= count and now >= opened and now < ends and firstEnd > now do
  local data = ARGV[from + 1]
  local id, leaseMs, attemptId, _, event, size, distinct, shape, groups, scope, width, cold, first = sunpack('<sdsBHHBsHsHH', data)
  local plain, expires, exact, done = distinct == 1, now + leaseMs, 1, 0
  -- Made as long as they usually get, since a table that grows costs more than all that is done with it.
  local values, grants, takes = { '', 0, 0, 0, 0 }, { 0, 0, 0, 0 }, false
  ${runGoesOn}
  local group = 1
  while plain do
    ${runReads}
    local needs = expires + 2 * leaseMs
    for i = 1, width do
      local value = figures[2 * i + 1]
      if not value then
        plain = false
        break
      end
      local kind = byte(figures[2 * i])
      local flags, limit, want, least, below
      flags, limit, want, at = sunpack('<Bdd', data, at)
      local soft = flags % 2 == 1
      if flags % 4 > 1 then least, at = sunpack('<d', data, at) end
      if flags > 3 then below, at = sunpack('<d', data, at) end
      local used, held, taken = 0, 0, 0
      local whole, rest, since, num, den, over, reached
      if kind == 99 then
        if #value ~= 21 then
          plain = false
          break
        end
        used, held, over, reached = sunpack('<ddI4B', value)
        if 1000 * over + 2 * leaseMs > needs then needs = 1000 * over + 2 * leaseMs end
        taken = used + held
      elseif kind == 98 then
        if #value ~= 49 then
          plain = false
          break
        end
        whole, rest, since, held, num, den, reached = sunpack('<ddddddB', value)
        local toNum, toDen
        toNum, toDen, at = sunpack('<dd', data, at)
        local parts = (now - since) * num + rest
        if num ~= toNum or den ~= toDen or now < since or parts > 9007199254740991 then plain = false end
        if now > since then
          since = now
          local units = floor(parts / den)
          if units >= whole then whole, rest = 0, 0 else whole, rest = whole - units, parts - units * den end
        end
        if whole == 0 then reached = 0 end
        if whole > held then used, taken = whole - held, whole else taken = whole end
      else
        if want > 1 then want = 1 end
        held = sunpack('<d', value)
        taken = held
      end
      local grant = want
      if below and taken >= below * limit then plain = false end
      if not soft then
        grant = min(want, max(0, limit - taken))
        if grant < (least or want) or (grant == 0 and used >= limit) then plain = false end
        if grant ~= want then exact = 0 end
      end
      held = held + grant
      if kind == 99 then
        value = spack('<ddI4B', used, held, over, reached)
      elseif kind == 98 then
        whole = whole + grant
        value = spack('<ddddddB', whole, rest, since, held, num, den, reached)
        local full = now + floor(whole / num * den) + 60000
        if full > needs then needs = full end
      else
        value = spack('<d', held)
      end
      done = done + 1
      values[done + 1], grants[done] = value, grant
      takes = takes or grant > 0
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

  -- Numbers are slow to write.
  if expires ~= expiry then expiry, expiryText, told = expires, expires .. '', spack('<BddB', 0, now, expires, 1) end
  if size ~= formSize then formSize, form = size, '<BddBHHssB' .. rep('d', size) end
  values[1] = told
  if exact == 0 then values[1] = spack('<BddB' .. rep('d', size), 0, now, expires, 0, unpack(grants, 1, size)) end
  local answer, head = concat(values, '', 1, size + 1), nil
  if attemptId == '' then
    head = spack('<BddBHHs' .. rep('d', size), 0, leaseMs, expires, 1, 0, size, shape, unpack(grants, 1, size))
  else
    head = spack(form, 0, leaseMs, expires, 1, 1, size, shape, attemptId, 0, unpack(grants, 1, size))
  end
  -- An id that is known has a list already, or a text; then nothing else is written.
  local lease = base .. 'r:' .. id
  local length = pcall('RPUSH', lease, head, data, event > 0 and ARGV[event] or '', answer)
  if length ~= 4 then
    if type(length) == 'number' then call('LTRIM', lease, 0, -5) end
    break
  end
  if takes then
    ${runTakes}
  end
  born[2 * from - 1], born[2 * from] = expiryText, id
  if expires < firstEnd then firstEnd, marks = expires, true end
  out[from], from = answer, from + 1
end
${runEnds}
if from > 1 then call('ZADD', base .. 'leases', unpack(born)) end
${remark}`;

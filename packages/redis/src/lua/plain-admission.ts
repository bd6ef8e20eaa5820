import { remark } from './remark.js';

/**
 * The plain case of a reservation, which nearly all are: an id that nobody knows, whose first alternative fits, on counters of which
 * nothing is to be reported. It is decided without tables of its own for each counter and written at once, and answered with figures
 * in one flat list. Whatever is not plain is left, with nothing written, to the code that follows, from operation `from` on.
 */
export const plainAdmission = `
local out, from = {}, 1
while from <= count and firstEnd > now do
  local data = ARGV[from + 1]
  local id, leaseMs, attemptId, _, event, size, first = sunpack('<sdsddd', data)
  local asked = { sunpack('<' .. rep('sddddddds', size), data, first) }
  local keys, names, plain = {}, { base .. 'r:' .. id }, true
  for i = 1, size do
    local at = 9 * i - 8
    local window = asked[at + 1]
    local of = windows[window]
    local key = window == 0 and 'l:' .. asked[at] .. '|live' or of.id and 'c:' .. asked[at] .. '|' .. of.id or 'b:' .. asked[at] .. '|bucket'
    for j = 1, i - 1 do plain = plain and keys[j] ~= key end
    keys[i], names[i + 1] = key, base .. key
  end
  local stored = call('MGET', unpack(names))
  plain = plain and not stored[1]
  local values, expiries, holds, told = {}, {}, {}, { spack('<ddd', 1, now, now + leaseMs) }
  local answer = { 3, 0, now, now + leaseMs }
  local i, n = 1, 4
  while plain and i <= size do
    local at, value = 9 * i - 8, stored[i + 1]
    local window, limit, want, least, below = asked[at + 1], asked[at + 2], asked[at + 3], asked[at + 4], asked[at + 5]
    local used, held, taken = 0, 0, 0
    local whole, rest, since, num, den, ends, keep, reached = 0, 0, now, 0, 0, 0, 0, 0
    local of = windows[window]
    if window == 0 then
      want = min(want, 1)
      if value then held = sunpack('<d', value) end
      taken = held
    elseif of.id then
      ends = of.ends
      if value then
        used, held, ends, keep, reached = sunpack('<ddddd', value)
        plain = #value == 40
      end
      taken = used + held
    else
      num, den = of[1], of[2]
      if value then
        local parts, storedNum, storedDen
        whole, rest, since, held, storedNum, storedDen, reached = sunpack('<ddddddd', value)
        parts = (now - since) * num + rest
        plain = #value == 56 and storedNum == num and storedDen == den and now >= since and parts <= 9007199254740991
        if plain and now > since then
          since = now
          local units = floor(parts / den)
          if units >= whole then whole, rest = 0, 0 else whole, rest = whole - units, parts - units * den end
        end
        if whole == 0 then reached = 0 end
      end
      used = max(0, whole - held)
      taken = used + min(held, whole)
    end
    local grant = want
    if below > 0 and taken >= below * limit then plain = false end
    if asked[at + 7] ~= 1 then
      grant = min(want, max(0, limit - taken))
      if grant < (least >= 0 and least or want) or (grant == 0 and used >= limit) then plain = false end
    end
    held = held + grant
    local name, kind, figure = 'bucket', 2, nil
    if window == 0 then
      name, kind = 'live', 3
    elseif of.id then
      name, kind = of.id, 1
    end
    answer[n + 1], answer[n + 2], answer[n + 3] = name, grant, kind
    if kind == 3 then
      figure, expiries[i] = spack('<d', held), false
      answer[n + 4] = held
      n = n + 4
    elseif kind == 1 then
      local wants = ends + 2 * leaseMs
      expiries[i] = 0
      if grant > 0 and (wants > keep or not value) then
        keep = max(wants, ends)
        expiries[i] = keep - now
      end
      figure = spack('<ddddd', used, held, ends, keep, reached)
      answer[n + 4], answer[n + 5], answer[n + 6] = used, held, ends
      n = n + 6
    else
      whole = whole + grant
      figure, expiries[i] = spack('<ddddddd', whole, rest, since, held, num, den, reached), false
      if held == 0 then expiries[i] = min(1e13, floor(whole / num * den) + 60000) end
      answer[n + 4], answer[n + 5], answer[n + 6] = whole, rest, since
      answer[n + 7], answer[n + 8], answer[n + 9] = held, num, den
      n = n + 9
    end
    told[2 * i], told[2 * i + 1], values[i] = spack('<sdd', name, grant, kind), figure, grant > 0 and figure
    holds[2 * i - 1], holds[2 * i] = keys[i], grant
    i = i + 1
  end
  if not plain then break end

  local expires, head = now + leaseMs, nil
  told[2 * size + 2] = noneCrossed
  if attemptId == '' then
    head = spack('<dddddd' .. rep('sd', size), 0, leaseMs, expires, 1, 0, size, unpack(holds))
  else
    head = spack('<ddddddsd' .. rep('sd', size), 0, leaseMs, expires, 1, 1, size, attemptId, 0, unpack(holds))
  end
  -- What has no expiry of its own is written together.
  local lasting = { names[1], head }
  for i = 1, size do
    local value, expiry = values[i], expiries[i]
    if value then
      if not expiry then
        lasting[#lasting + 1] = names[i + 1]
        lasting[#lasting + 1] = value
      elseif expiry == 0 then
        call('SET', names[i + 1], value, 'KEEPTTL')
      else
        call('SET', names[i + 1], value, 'PX', max(1000, expiry))
      end
    end
  end
  call('MSET', unpack(lasting))
  call('RPUSH', base .. 'x:' .. id, data, event > 0 and ARGV[event] or '', concat(told))
  call('ZADD', base .. 'leases', expires, id)
  if expires < firstEnd then firstEnd, marks = expires, true end
  out[from], from = answer, from + 1
end
${remark}`;

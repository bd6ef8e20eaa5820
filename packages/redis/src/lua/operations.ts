/** Id, lease, attempt or nothing, alternatives: each its event's ARGV or 0, and charges. */
const reserve = `
local ops, keys = {}, {}
for i = from, count do
  local id, leaseMs, attemptId, alternatives = reserveIn(ARGV[i + 1])
  ops[i] = { id, leaseMs, attemptId, alternatives }
  for _, charge in ipairs(alternatives[1][2]) do keys[#keys + 1] = keyOf(charge[1], charge[2]) end
end
prefetch(keys)
--reap--
for i = from, count do
  local op = ops[i]
  local id, leaseMs, attemptId, alternatives = op[1], op[2], op[3], op[4]
  local L = leaseOf(id)
  if L then
    lookDeep()
    out[i] = L.state == 0 and deepOf(L).answer or closed()
  else
    local a, list, granted = decide(alternatives)
    if not a then
      out[i] = list
    else
      lookDeep()
      L = newLease(id, 0, leaseMs, 0)
      if attemptId ~= '' then L.attempts = { attemptId, 0 } end
      renewed(L)
      local event, charges = alternatives[a][1], alternatives[a][2]
      out[i] = { 1, a - 1, now, L.expires, take(L, list, granted), takeNews(list) }
      L.deep = deepAs(L, charges, out[i], attemptId, event > 0 and ARGV[event] or '')
    end
  end
end
`;

/** [id, digest, charges] */
const extend = `
local out = {}
lookDeep()
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  local L = leaseOf(op[1])
  local deep = L and deepOf(L)
  local before
  for _, known in ipairs(deep and deep.extensions or {}) do
    if known[1] == op[2] then before = known[2] end
  end
  if before then
    out[i] = before
  elseif not L or L.state ~= 0 then
    out[i] = closed()
  else
    local alternative = { 0, op[3] }
    local a, list, granted = decide({ alternative }, L, false)
    if a then
      renewed(L)
      local declared = deep.declared
      local running = declared and declared ~= '' and stateOf(L, declared) == 0
      out[i] = join(L, alternative, a, list, granted, running and declared or nil)
    else
      endLease(L)
      out[i] = list
    end
    deep = deepOf(L)
    deep.extensions[#deep.extensions + 1] = { op[2], out[i] }
  end
end
`;

/** [id, attemptId, [[event's ARGV or 0, charges], …]] */
const cover = `
local out = {}
lookDeep()
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  local L = leaseOf(op[1])
  if not L or L.state ~= 0 then
    out[i] = closed()
  else
    local known = attemptOf(deepOf(L), op[2])
    if known and known[3] then
      out[i] = known[3]
    else
      local a, list, granted = decide(op[3], L, true)
      if not a then
        out[i] = list
      else
        renewed(L)
        if known then
          for _, cost in ipairs(known[4]) do cost[2] = 0 end
        end
        out[i] = join(L, op[3][a], a, list, granted, op[2])
        local told = {}
        for j, one in ipairs(op[3][a][2]) do told[j] = { one[1], one[3], one[9] } end
        attemptOf(deepOf(L), op[2])[3] = { 2, told, out[i] }
      end
    end
  end
end
`;

/** Remembers an id of which no lease is known, so that whatever comes late is recognised. */
const remember = `
local function remember(id, forMs)
  local L = newLease(id, 1, forMs / 2, now + forMs)
  change(L)
  return L
end
`;

/**
 * Id, attempt, close 0/1, how long an unknown id is remembered, its event's ARGV or 0, items: each key, cap, amount, release, unit,
 * numerator and denominator of its rate, or the end of its window.
 */
const charge = `
local ops, keys = {}, {}
for i = from, count do
  local data = ARGV[i + 1]
  local op = { sunpack('<ssBsHHsH', data) }
  local groups, at, items = op[8], op[9], {}
  for _ = 1, groups do
    local scope, size, _
    scope, size, _, at = sunpack('<sHH', data, at)
    local before = #items
    for j = 1, size do
      local field
      field, at = sunpack('<s', data, at)
      items[before + j] = { keyAt(scope, field), 0, 0, 0, '', 0, 0 }
      keys[#keys + 1] = items[before + j][1]
    end
    for j = 1, size do
      local item = items[before + j]
      item[2], item[3], item[4], at = sunpack('<ddd', data, at)
    end
    for j = 1, size do items[before + j][6], items[before + j][7], at = sunpack('<dd', data, at) end
    for j = 1, size do items[before + j][5], at = sunpack('<s', data, at) end
  end
  op[6] = items
  ops[i] = op
end
prefetch(keys)
--reap--
for i = from, count do
  local op = ops[i]
  local attemptId, items = op[2], op[6]
  local L = leaseOf(op[1]) or remember(op[1], tonumber(op[4]))
  local list = {}
  for j = 1, #items do
    local item = items[j]
    local key = item[1]
    local missing = not tallies[key] and not fetch(key)
    local t = tally(key, missing and { false, item[6], item[7] } or nil, item[2])
    if t.kind == 2 and not positionOf(L, key) then adopt(t, { false, item[6], item[7] }) end
    list[j] = t
  end
  local state, at = stateOf(L, attemptId)
  local crossed = takeNews(list)
  if state ~= 2 then
    local attempt
    -- What came with a plain reservation may stay as it is: the attempt's state says that its costs are settled.
    if L.rest == 2 or L.deep or state == 1 then
      lookDeep()
      attempt = attemptOf(deepOf(L), attemptId)
    end
    local corrections = {}
    for j = 1, #items do
      local item = items[j]
      local key, t = item[1], list[j]
      if t.kind ~= 3 then
        local release, before = 0, 0
        local held = L.state == 0 and positionOf(L, key)
        if held then
          release = min(item[4], L.holds[held + 1])
          L.holds[held + 1] = L.holds[held + 1] - release
        end
        if state == 1 and attempt then
          for _, cost in ipairs(attempt[4]) do
            if cost[1] == key and before == 0 then before, cost[4] = cost[4], 0 end
          end
        end
        raise(key, item[5], item[2], t, item[3] - before, release, crossed)
        if item[3] ~= before then corrections[#corrections + 1] = { key, item[3] - before } end
      end
    end
    if state == 1 and attempt then
      for _, cost in ipairs(attempt[4]) do
        if cost[4] > 0 then
          settle(kept(L, cost[1]), -cost[4], 0)
          corrections[#corrections + 1] = { cost[1], -cost[4] }
        end
      end
    end
    if record and op[5] > 0 then
      if state == 1 and attempt and attempt[2] ~= '' then
        events[#events + 1] = { 'k', 'a', 'w', attempt[2], 'e', ARGV[op[5]], 'c', chargesText(corrections) }
      else
        events[#events + 1] = { 'e', ARGV[op[5]] }
      end
    end
    if attempt then attempt[2], attempt[4] = '', {} end
    at = at or #L.attempts + 1
    L.attempts[at], L.attempts[at + 1] = attemptId, 2
    change(L)
  end
  if op[3] == 1 then endLease(L) end
  local states = {}
  for j = 1, #items do
    list[j].window = ''
    states[j] = figures(list[j], 0)
  end
  out[i] = { state == 2 and 'repeated' or state == 1 and 'adjusted' or 'charged', states, crossed }
end
`;

/** [id, [[attemptId, event's ARGV, [[counter|window, amount], …]], …]] */
const renew = `
local out = {}
lookDeep()
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  local L = leaseOf(op[1])
  if not L or L.state ~= 0 then
    out[i] = 0
  else
    renewed(L)
    for _, running in ipairs(op[2]) do
      local deep, id = deepOf(L), running[1]
      if not stateOf(L, id) then setState(L, id, 0) end
      if stateOf(L, id) == 0 then
        local attempt = attemptOf(deep, id)
        if not attempt then
          attempt = { id, '', false, {} }
          deep.attempts[#deep.attempts + 1] = attempt
        end
        if running[2] > 0 then attempt[2] = ARGV[running[2]] end
        for _, cost in ipairs(attempt[4]) do cost[2], cost[3] = 0, 0 end
        for _, item in ipairs(running[3]) do
          for at = 1, #L.holds, 2 do
            if sub(L.holds[at], 3) == item[1] then costOn(attempt, L.holds[at])[3] = item[2] end
          end
        end
      end
    end
    out[i] = 1
  end
end
`;

/** [id, how long an unknown id is remembered] */
const close = `
local out = {}
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  local L = leaseOf(op[1])
  if L then endLease(L) else remember(op[1], op[2]) end
  out[i] = 1
end
`;

/** [[counter, window, cap], …] */
const read = `
local out = {}
--reap--
for i = 1, count do
  local op, states = cjson.decode(ARGV[i + 1]), {}
  for j = 1, #op do
    states[j] = figures(current(keyOf(op[j][1], op[j][2]), op[j][2], op[j][3]), 0)
  end
  out[i] = states
end
`;

/** Nothing but reaping. Answers how many leases were looked at. */
const sweep = `
local out = {}
--reap--
out[1] = #due
`;

/** [id, how long it is remembered, [[key, end of window, amount], …]] */
const adjust = `
local out = {}
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  if leaseOf(op[1]) then
    out[i] = 0
  else
    remember(op[1], op[2])
    for _, one in ipairs(op[3]) do
      local t = tally(one[1], { false, one[2] })
      if not isOver(t) then
        touch(t)
        t.used = max(0, t.used + one[3])
      end
    end
    out[i] = 1
  end
end
`;

export const operations = { adjust, reserve, extend, cover, charge, renew, close, read, sweep, remember };

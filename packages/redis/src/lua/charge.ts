/**
 * Id, attempt, close 0/1, how long an unknown id is remembered, its event's ARGV or 0, items: each key, cap, amount, release, unit,
 * numerator and denominator of its rate, or the end of its window.
 */
export const charge = `
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
    -- A slice that was taken for stray has told what was used of it.
    if state == 1 and sub(L.id, 1, 2) == 's~' then call('HDEL', base .. 'stray', L.id) end
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

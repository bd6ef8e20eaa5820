import { charge } from './charge.js';

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

/** [id, digest, charges, event's ARGV or 0] */
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
    local alternative = { op[4], op[3] }
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

/** Remembers an id without a known lease, so that late operations are recognised. */
const remember = `
local function remember(id, forMs)
  local L = newLease(id, 1, forMs / 2, now + forMs)
  change(L)
  return L
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

/** Only reaps. Returns how many leases were checked. */
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

/** [[key, end of window, least used amount], …] */
const raise = `
local out = {}
--reap--
for i = 1, count do
  for _, one in ipairs(cjson.decode(ARGV[i + 1])) do
    local t = tally(one[1], { false, one[2] })
    if t.used < one[3] and not isOver(t) then
      touch(t)
      t.used = one[3]
    end
  end
  out[i] = 1
end
`;

/**
 * The charges for slices of silent processes. [list] → [[lease, time from which it may be corrected, amount, key, used or -1 where its
 * window is over], …] · [used, [[key, end of window or nothing], …]] → [[used or -1, held], …] · [correct, leases, key, amount to take off,
 * end of window or nothing] → 1, and 0 where another process has already done so
 */
const stray = `
local out, strays = {}, base .. 'stray'
--reap--
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  if op[1] == 'list' then
    local all, told = call('HGETALL', strays), {}
    for j = 1, #all, 2 do
      local ready, amount, key = all[j + 1]:match('^(%d+) (%d+) (.*)$')
      local t = tally(key)
      told[#told + 1] = { all[j], ready, amount, key, isOver(t) and '-1' or format('%.0f', t.used) }
    end
    out[i] = told
  elseif op[1] == 'used' then
    local told = {}
    for j, one in ipairs(op[2]) do
      local t = tally(one[1], one[2] and { false, one[2] })
      told[j] = { isOver(t) and '-1' or format('%.0f', t.used), format('%.0f', t.held) }
    end
    out[i] = told
  else
    local all = true
    for _, id in ipairs(op[2]) do all = all and call('HEXISTS', strays, id) == 1 end
    if all then
      local t = tally(op[3], op[5] and { false, op[5] })
      if op[4] ~= 0 and not isOver(t) then settle(t, -op[4], 0) end
      if #op[2] > 0 then call('HDEL', strays, unpack(op[2])) end
    end
    out[i] = all and 1 or 0
  end
end
`;

export const operations = {
  stray,
  adjust,
  raise,
  reserve,
  extend,
  cover,
  charge,
  renew,
  close,
  read,
  sweep,
  remember,
};

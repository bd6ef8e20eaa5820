/**
 * Leases, `r:<id>`. First what every operation needs, packed flat: state (0 live, 1 closed, 2 reaped), lease in ms, expiry,
 * attempts with their states (0 running, 1 reaped, 2 charged), holds by counter key. Then what is needed seldom, and unpacked
 * only then: as it came with the reservation (`{ 0, operation, alternative, event, answer }`), or once it was looked at
 * (`{ 1, answer, declared, caps by hold, attempts, extensions }`).
 */
export const lease = `
local function leaseOf(id)
  local known = leases[id]
  if known ~= nil then return known end
  local value = fetch('r:' .. id)
  local L = false
  if value then
    local at, hot = unpackOne(value, 0)
    if hot[1] == 0 or hot[3] > now then
      L = { id = id, state = hot[1], leaseMs = hot[2], expires = hot[3], attempts = hot[4], holds = hot[5] }
      L.cold = at > 0 and sub(value, at + 1) or ''
    end
  end
  leases[id] = L
  return L
end

local function change(L)
  if not L.dirty then
    L.dirty = true
    changed[#changed + 1] = L
  end
end

local function positionOf(L, key)
  for i = 1, #L.holds, 2 do
    if L.holds[i] == key then return i end
  end
end

local function stateOf(L, attemptId)
  for i = 1, #L.attempts, 2 do
    if L.attempts[i] == attemptId then return L.attempts[i + 1], i end
  end
end

local function setState(L, attemptId, state)
  local _, at = stateOf(L, attemptId)
  at = at or #L.attempts + 1
  L.attempts[at], L.attempts[at + 1] = attemptId, state
end

local function deepOf(L)
  if L.deep then return L.deep end
  local deep = { caps = {}, attempts = {}, extensions = {} }
  if L.cold ~= '' then
    local stored = cmsgpack.unpack(L.cold)
    if stored[1] == 1 then
      deep = { answer = stored[2], declared = stored[3], caps = stored[4], attempts = stored[5], extensions = stored[6] }
    else
      local op, answer = cjson.decode(stored[2]), stored[5]
      local charges, costs = op[4][stored[3]][2], {}
      deep.answer, deep.declared = answer, op[3]
      for i = 1, #charges do
        local charge = charges[i]
        local key = (charge[2] == 0 and 'l:' or answer[5][i][3] == 2 and 'b:' or 'c:') .. charge[1] .. '|' .. answer[5][i][1]
        deep.caps[key] = deep.caps[key] or { charge[9], charge[3] }
        if charge[7] > 0 then costs[#costs + 1] = { key, charge[7], 0, 0 } end
      end
      if op[3] ~= '' then
        local running = stateOf(L, op[3]) == 0
        deep.attempts[1] = { op[3], running and stored[4] or '', false, running and costs or {} }
      end
    end
  end
  L.deep = deep
  return deep
end

local function attemptOf(deep, id)
  for i = 1, #deep.attempts do
    if deep.attempts[i][1] == id then return deep.attempts[i] end
  end
end

local function costOn(attempt, key)
  for i = 1, #attempt[4] do
    if attempt[4][i][1] == key then return attempt[4][i] end
  end
  local cost = { key, 0, 0, 0 }
  attempt[4][#attempt[4] + 1] = cost
  return cost
end
`;
/** Ending leases: by their owner, or because their time has run out. */
export const settling = String.raw`
local function raise(key, cap, t, amount, release, crossed)
  settle(t, amount, release)
  if amount <= 0 or isOver(t) then return end
  local used = standing(t)
  while thresholds[t.reached + 1] and used >= thresholds[t.reached + 1] * cap[2] do
    t.reached = t.reached + 1
    local counter, window = key:match('^.:(.*)|(.*)$')
    crossed[#crossed + 1] = { counter, window, cap[1], cap[2], used, format('%.17g', thresholds[t.reached]) }
  end
end

local function giveBack(L)
  local holds = L.holds
  for i = 1, #holds, 2 do
    if holds[i + 1] > 0 then
      settle(tally(holds[i]), 0, holds[i + 1])
      holds[i + 1] = 0
    end
  end
end

local function bury(L, state)
  L.state = state
  L.expires = now + 2 * L.leaseMs
  gone[#gone + 1] = L.id
  change(L)
end

local function endLease(L)
  if L.state ~= 0 then return end
  giveBack(L)
  local charged = {}
  for i = 1, #L.attempts, 2 do
    if L.attempts[i + 1] == 2 then
      charged[#charged + 1] = L.attempts[i]
      charged[#charged + 1] = 2
    end
  end
  L.attempts, L.holds, L.cold, L.deep = charged, {}, '', nil
  bury(L, 1)
end

local function chargesText(list)
  local lines = {}
  for i = 1, #list do
    local counter, window = list[i][1]:match('^.:(.*)|(.*)$')
    lines[i] = counter .. '\t' .. window .. '\t' .. format('%.0f', list[i][2])
  end
  return table.concat(lines, '\n')
end

local function reap(L)
  local deep = deepOf(L)
  for i = 1, #L.attempts, 2 do
    if L.attempts[i + 1] == 0 then
      local charges = {}
      local attempt = attemptOf(deep, L.attempts[i]) or { '', '', false, {} }
      for _, cost in ipairs(attempt[4]) do
        local amount = byte(cost[1]) == 108 and 0 or max(cost[2], cost[3])
        if amount > 0 then
          cost[4] = amount
          local t, crossed = tally(cost[1]), {}
          raise(cost[1], deep.caps[cost[1]], t, amount, 0, crossed)
          if #crossed > 0 then
            t.news = t.news or {}
            for _, one in ipairs(crossed) do t.news[#t.news + 1] = one end
          end
          charges[#charges + 1] = { cost[1], amount }
        end
      end
      L.attempts[i + 1] = 1
      if record and attempt[2] ~= '' then
        events[#events + 1] = { 'k', 'r', 'e', attempt[2], 'c', chargesText(charges), 't', format('%.0f', now) }
      end
    end
  end
  for _, attempt in ipairs(deep.attempts) do attempt[3] = false end
  giveBack(L)
  deep.answer, deep.extensions = false, {}
  bury(L, 2)
end
`;
/** Reaps a bounded number of leases that have run out, before anything is decided. */
export const reaping = `
local due = call('ZRANGEBYSCORE', base .. 'leases', '-inf', format('%.0f', now), 'LIMIT', 0, 256)
for i = 1, #due do
  local L = leaseOf(due[i])
  if L and L.state == 0 then reap(L) else gone[#gone + 1] = due[i] end
end
`;

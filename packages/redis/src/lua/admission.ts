/**
 * Finds the first alternative that fits as a whole; writes nothing. A charge is [counter, window, limit, want, min or -1, below or 0,
 * floor, soft 0/1, unit]; window 0 counts live leases.
 */
export const admission = `
local function heldOn(L, counter)
  for i = #L.holds - 1, 1, -2 do
    if L.holds[i]:match('^.:(.*)|') == counter then return i end
  end
end

local function grantFor(charge, t, L, covers)
  local limit, want, live = charge[3], charge[4], charge[2] == 0
  if live then
    want = min(want, 1)
    local at = L and heldOn(L, charge[1])
    if at and L.holds[at + 1] == 1 then return 0 end
  end
  local used, held = standing(t)
  local taken = used + held
  if charge[6] > 0 and taken >= charge[6] * limit then return end
  if charge[8] == 1 or (want == 0 and covers) then return want end
  local grant = min(want, max(0, limit - taken - t.pend))
  local least = charge[5] >= 0 and charge[5] or want
  if grant < least or (grant == 0 and used >= limit) then return end
  return grant
end

local function decide(alternatives, L, covers)
  local obstacles
  for a = 1, #alternatives do
    local charges, list, granted = alternatives[a][2], {}, {}
    obstacles = {}
    for i = 1, #charges do
      local charge = charges[i]
      local at = covers and charge[4] == 0 and heldOn(L, charge[1])
      local t = at and kept(L, L.holds[at]) or current(keyOf(charge[1], charge[2]), charge[2], charge[3])
      local grant = grantFor(charge, t, L, covers)
      if grant then
        t.pend = t.pend + grant
      else
        obstacles[#obstacles + 1] = { i - 1, t.pend, figures(t, 0) }
      end
      list[i], granted[i] = t, grant
    end
    for i = 1, #list do list[i].pend = 0 end
    if #obstacles == 0 then return a, list, granted end
  end
  return nil, { 0, now, #alternatives - 1, obstacles }
end

local function closed() return { 0, now, 0, {} } end

-- Writes what was decided into counters and the holds of a lease.
local function take(L, list, granted)
  local answer = {}
  for i = 1, #list do
    local t, amount = list[i], granted[i]
    local at = positionOf(L, t.key)
    if at then
      L.holds[at + 1] = L.holds[at + 1] + amount
    else
      L.holds[#L.holds + 1] = t.key
      L.holds[#L.holds + 1] = amount
    end
    if amount > 0 then
      hold(t, amount)
      keepUntil(placeOf(t.key), max(L.expires, t.ends or 0) + 2 * L.leaseMs)
    end
  end
  for i = 1, #list do answer[i] = figures(list[i], granted[i]) end
  return answer
end

local function renewed(L)
  L.expires = now + L.leaseMs
  if L.expires < firstEnd then firstEnd, marks = L.expires, true end
  born[#born + 1] = format('%.0f', L.expires)
  born[#born + 1] = L.id
  -- What it holds must not be forgotten before it has run out.
  for i = 1, #L.holds, 2 do keepUntil(placeOf(L.holds[i]), L.expires + 2 * L.leaseMs) end
  change(L)
end
`;

/** Applies the decision to an existing lease, whose attempts and caps are read. */
export const joining = `
local function join(L, alternative, a, list, granted, attemptId)
  local deep, charges = deepOf(L), alternative[2]
  local attempt
  if attemptId then
    attempt = attemptOf(deep, attemptId)
    if not attempt then
      attempt = { attemptId, '', false, {} }
      deep.attempts[#deep.attempts + 1] = attempt
    end
    if not stateOf(L, attemptId) then setState(L, attemptId, 0) end
    if alternative[1] > 0 then attempt[2] = ARGV[alternative[1]] end
  end
  local answer = take(L, list, granted)
  for i = 1, #charges do
    local charge, t = charges[i], list[i]
    local key = t.key
    deep.caps[key] = deep.caps[key] or { charge[9], charge[3], t.num or t.ends or 0, t.den or 0 }
    if attempt and charge[7] > 0 then
      local cost = costOn(attempt, key)
      cost[2] = cost[2] + charge[7]
    end
  end
  return { 1, a - 1, now, L.expires, answer, takeNews(list) }
end
`;

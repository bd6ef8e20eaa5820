/**
 * Leases. `r:<id>` is what every operation needs, packed flat: state (0 live, 1 closed, 2 reaped), lease in ms, expiry, attempts with
 * their states (0 running, 1 reaped, 2 charged), holds by counter key, and where the rest stands. The rest is needed seldom and
 * stands in the list `x:<id>` as it came with the reservation (operation, event, alternative with its grants, then each counter as
 * it stood), or, once it was looked at, in the text `d:<id>` (answer, declared attempt, caps by hold, attempts, extensions).
 */
export const lease = `
local raise, giveBack, bury, drop, endLease

local function leaseOf(id)
  local known = leases[id]
  if known ~= nil then return known end
  local value = fetch('r:' .. id)
  local L = false
  if value then
    local hot = cmsgpack.unpack(value)
    if hot[1] == 0 or hot[3] > now then
      L = { id = id, state = hot[1], leaseMs = hot[2], expires = hot[3], attempts = hot[4], holds = hot[5], rest = hot[6], dirty = false, deep = false, came = false }
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
`;

/** Ending leases: by their owner, or because their time has run out. */
export const settling = `
function raise(key, unit, limit, t, amount, release, crossed)
  settle(t, amount, release)
  if amount <= 0 or isOver(t) then return end
  local used = standing(t)
  while thresholds[t.reached + 1] and used >= thresholds[t.reached + 1] * limit do
    t.reached = t.reached + 1
    local counter, window = key:match('^.:(.*)|(.*)$')
    crossed[#crossed + 1] = { counter, window, unit, limit, used, format('%.17g', thresholds[t.reached]) }
  end
end

function giveBack(L)
  local holds = L.holds
  for i = 1, #holds, 2 do
    if holds[i + 1] > 0 then
      settle(tally(holds[i]), 0, holds[i + 1])
      holds[i + 1] = 0
    end
  end
end

function bury(L, state)
  L.state = state
  L.expires = now + 2 * L.leaseMs
  gone[#gone + 1] = L.id
  change(L)
end

-- What stands beside the lease is not needed any more, or in another form.
function drop(L)
  if L.rest == 1 and not L.came then unneeded[#unneeded + 1] = base .. 'x:' .. L.id end
  if L.rest == 2 then unneeded[#unneeded + 1] = base .. 'd:' .. L.id end
  L.rest, L.came = 0, false
end

function endLease(L)
  if L.state ~= 0 then return end
  giveBack(L)
  local charged = {}
  for i = 1, #L.attempts, 2 do
    if L.attempts[i + 1] == 2 then
      charged[#charged + 1] = L.attempts[i]
      charged[#charged + 1] = 2
    end
  end
  L.attempts, L.holds, L.deep = charged, {}, false
  drop(L)
  bury(L, 1)
end
`;

/** Reaps a bounded number of leases that have run out, before anything is decided. */
export const reaping = `
local due = call('ZRANGEBYSCORE', base .. 'leases', '-inf', format('%.0f', now), 'LIMIT', 0, 256)
if #due > 0 then
  lookDeep()
  for i = 1, #due do
    local L = leaseOf(due[i])
    if L and L.state == 0 then reap(L) else gone[#gone + 1] = due[i] end
  end
end
`;

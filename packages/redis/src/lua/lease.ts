/**
 * Leases. `r:<id>` is what every operation needs: state (0 live, 1 closed, 2 reaped), lease in ms, expiry, where the rest stands, then
 * the numbers of attempts and holds, attempts with their states (0 running, 1 reaped, 2 charged), and holds by counter key. The rest is
 * needed seldom and stands in the list `x:<id>` as it came with the reservation (operation, event, alternative with its grants, then
 * each counter as it stood), or, once it was looked at, in the text `d:<id>` (answer, declared attempt, caps by hold, attempts,
 * extensions). A text of its own, since Lua hashes every byte of every text that a script reads or makes.
 */
export const lease = `
local reserveIn, raise, giveBack, bury, drop, endLease

local function leaseOf(id)
  local known = leases[id]
  if known ~= nil then return known end
  local value = fetch('r:' .. id)
  local L = false
  if value then
    local state, leaseMs, expires, rest, attemptCount, holdCount, at = sunpack('<dddddd', value)
    if state == 0 or expires > now then
      local attempts, holds = {}, {}
      for i = 1, attemptCount do attempts[2 * i - 1], attempts[2 * i], at = sunpack('<sd', value, at) end
      for i = 1, holdCount do holds[2 * i - 1], holds[2 * i], at = sunpack('<sd', value, at) end
      L = { id = id, state = state, leaseMs = leaseMs, expires = expires, attempts = attempts, holds = holds, rest = rest, dirty = false, deep = false, came = false, drops = 0 }
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

/** A request to reserve, as it was sent. */
export const reading = `
function reserveIn(data)
  local id, leaseMs, attemptId, count, at = sunpack('<sdsd', data)
  local alternatives = {}
  for a = 1, count do
    local event, size
    event, size, at = sunpack('<dd', data, at)
    local charges = {}
    for i = 1, size do
      -- The tenth is where the next begins; the counter's key takes its place.
      local charge = { sunpack('<sddddddds', data, at) }
      at = charge[10]
      charges[i] = charge
    end
    alternatives[a] = { event, charges }
  end
  return id, leaseMs, attemptId, alternatives
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
  L.drops = not L.came and L.rest or 0
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
local due = {}
if now >= firstEnd then due = call('ZRANGEBYSCORE', base .. 'leases', '-inf', format('%.0f', now), 'LIMIT', 0, 256) end
if now >= firstEnd and #due < 256 then
  local following = call('ZRANGEBYSCORE', base .. 'leases', format('(%.0f', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  firstEnd, marks = tonumber(following[2] or 9007199254740991), true
end
if #due > 0 then
  lookDeep()
  for i = 1, #due do
    local L = leaseOf(due[i])
    if L and L.state == 0 then reap(L) else gone[#gone + 1] = due[i] end
  end
end
`;

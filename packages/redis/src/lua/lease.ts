/** How long a tombstone keeps the charges of a reaped lease, as in memory: after that, its settlement would be a second charge. */
const reapedKeptMs = 24 * 3_600_000;

/**
 * Leases. The list `r:<id>` begins with the elements that every operation needs: state (0 live, 1 closed, 2 reaped), lease in ms, expiry,
 * the format of the rest of the list, the numbers of attempts and holds, the locations of the held counters, attempts with their states (0
 * running, 1 reaped, 2 charged), and the amounts held. The rest is rarely needed: in the form of a plain reservation (1: operation, event,
 * result; the locations are in there, and the beginning contains only their digest), also of one that was drawn from since (3), or, once it
 * was read, one text (2: result, declared attempt, caps by hold, attempts, extensions). These are separate elements, since Lua hashes every
 * byte of every text that a script reads or makes. After a lease is closed only the beginning is kept, as a text that expires.
 */
export const lease = `
local reserveIn, raise, giveBack, bury, endLease, strayed

-- The places of what was reserved plainly, by the operation that did so.
local function placesIn(data)
  local groups, _, at = 0, nil, nil
  _, _, _, _, _, _, _, _, groups, at = sunpack('<sdsBHHBsH', data)
  local lines = {}
  for _ = 1, groups do
    local scope, width, cold, kinds = nil, 0, 0, {}
    scope, width, cold, at = sunpack('<sHH', data, at)
    lines[#lines + 1] = scope
    for i = 1, width do
      local field
      field, at = sunpack('<s', data, at)
      lines[#lines + 1], kinds[i] = field, byte(field)
    end
    for i = 1, width do
      local flags = byte(data, at)
      at = at + 17 + (flags % 4 > 1 and 8 or 0) + (flags > 3 and 8 or 0) + (kinds[i] == 98 and 16 or 0)
    end
    at = at + cold
  end
  return concat(lines, '\\n')
end

local function leaseOf(id)
  local known = leases[id]
  if known ~= nil then return known end
  local name = base .. 'r:' .. id
  local value = pcall('LINDEX', name, 0)
  local listed = type(value) == 'string'
  if type(value) == 'table' then value = call('GET', name) end
  local L = false
  if value then
    local state, leaseMs, expires, rest, attemptCount, holdCount, shape, at = sunpack('<BddBHHs', value)
    if state == 0 or expires > now then
      local attempts, holds = {}, {}
      for i = 1, attemptCount do attempts[2 * i - 1], attempts[2 * i], at = sunpack('<sB', value, at) end
      local scope, i = '', 1
      local isAsItCame = rest == 1 or rest == 3
      local places = isAsItCame and placesIn(call('LINDEX', name, 1)) or shape
      for line in places:gmatch('[^\\n]+') do
        if byte(line) >= 111 then
          scope = line
        else
          holds[i], holds[i + 1], at = keyAt(scope, line), sunpack('<d', value, at)
          i = i + 2
        end
      end
      L = { id = id, name = name, state = state, leaseMs = leaseMs, expires = expires, attempts = attempts, holds = holds, rest = rest, shape = isAsItCame and shape, listed = listed, dirty = false, deep = false }
    end
  end
  leases[id] = L
  return L
end

local function newLease(id, state, leaseMs, expires)
  local L = { id = id, name = base .. 'r:' .. id, state = state, leaseMs = leaseMs, expires = expires, attempts = {}, holds = {}, rest = 0, shape = false, listed = false, dirty = false, deep = false }
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
  local id, leaseMs, attemptId, count, at = sunpack('<sdsB', data)
  local alternatives = {}
  for a = 1, count do
    local event, groups, charges, _ = 0, 0, {}, nil
    event, _, _, _, groups, at = sunpack('<HHBsH', data, at)
    for _ = 1, groups do
      local scope, size, _
      scope, size, _, at = sunpack('<sHH', data, at)
      local before = #charges
      for i = 1, size do
        local field
        field, at = sunpack('<s', data, at)
        charges[before + i] = { 0, 0, 0, 0, 0, 0, 0, 0, '', keyAt(scope, field) }
      end
      for i = 1, size do
        local charge, flags = charges[before + i], 0
        charge[1], charge[5] = counterIn(charge[10]), -1
        flags, charge[3], charge[4], at = sunpack('<Bdd', data, at)
        charge[8] = flags % 2
        if flags % 4 > 1 then charge[5], at = sunpack('<d', data, at) end
        if flags > 3 then charge[6], at = sunpack('<d', data, at) end
        if byte(charge[10]) == 98 then at = at + 16 end
      end
      for i = 1, size do charges[before + i][2], charges[before + i][7], at = sunpack('<Hd', data, at) end
      for i = 1, size do charges[before + i][9], at = sunpack('<s', data, at) end
    end
    alternatives[a] = { event, charges }
  end
  return id, leaseMs, attemptId, alternatives
end
`;

/** Ending leases: by their owner, or because their time has run out. */
export const settling = `
function raise(key, unit, limit, t, amount, release, crossed)
  -- A bucket that was lost begins empty, whatever was drawn from it.
  if t.kind == 2 and generation < 0 then amount = min(amount, max(0, limit - t.whole)) end
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

-- Remembers what was charged for the slice of a process that fell silent, until all of its own leases are over and what it can still tell is forgotten.
function strayed(L, key, amount)
  local longest = byte(key) == 99 and L.id:match('^s~(%d+)~')
  if not longest then return end
  local ready = format('%.0f', now + max(tonumber(longest), 2 * L.leaseMs))
  stray[#stray + 1] = L.id
  stray[#stray + 1] = concat({ ready, format('%.0f', amount), key }, ' ')
end

function bury(L, state)
  L.state = state
  -- A late settlement corrects what was reaped: the tombstone is kept for a day, that of a slice until the slice is corrected otherwise.
  L.expires = now + (state == 2 and sub(L.id, 1, 2) ~= 's~' and max(${reapedKeptMs}, 2 * L.leaseMs) or 2 * L.leaseMs)
  gone[#gone + 1] = L.id
  change(L)
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
  L.attempts, L.holds, L.rest, L.deep = charged, {}, 0, false
  bury(L, 1)
end
`;

/**
 * Reaps a bounded number of expired leases, before anything is decided. None in a partition that is being rebuilt: their owners report them
 * first.
 */
export const reaping = `
local due, looks = {}, now >= firstEnd and generation >= 0
if looks then due = call('ZRANGEBYSCORE', base .. 'leases', '-inf', format('%.0f', now), 'LIMIT', 0, 256) end
if looks and #due < 256 then
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

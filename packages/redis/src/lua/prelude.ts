/**
 * The beginning of every script: the clock.
 *
 * KEYS[1] is the partition's key. It contains the last tenth of a second that was seen, the earliest expiry of a lease, the generation (0:
 * of stores that rebuild nothing, below 0: closed, being rebuilt), the time since which absent buckets refill, and the server that it was
 * on: ten times a second, stores that rebuild check whether that is the same. A replacement, or the same server restarted, may lack the
 * latest writes. Every other key is this one plus a suffix, hence in the same slot.
 *
 * ARGV[1] contains the number of operations that follow, the state of the partition last seen by the process (if it saw a later time, or
 * another generation, the result reports a lost partition, and nothing is done; 0: any state will do), the period in which all windows
 * named first are open, and the windows to which they refer. ARGV[2] and on: the operations, then usage events, opaque.
 *
 * All counters of one scope (`tenant=acme/key=k1`) are in one hash, so that they are read and written together. A field is a kind, a name
 * and a window; a value is little-endian doubles (exact to 2^53), then the thresholds to report, if any: `c:` used, held, end of window in
 * seconds (4 bytes), thresholds reached (1 byte) · `b:` drawn, remainder, at, holds, numerator, denominator, thresholds reached (1 byte) ·
 * `l:` held. The field `k` contains the time until which the hash is kept, in seconds (4 bytes).
 */
export const opening = `
local call, pcall, floor, max, min = redis.call, redis.pcall, math.floor, math.max, math.min
local spack, sunpack, byte, rep, concat = struct.pack, struct.unpack, string.byte, string.rep, table.concat
local partition = KEYS[1]
local base = partition .. ':'
--clock--
local time = call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)
--clock--
-- The last tenth of a second that was seen; when the first lease may run out: before, none is looked for; what was rebuilt when.
local mark, firstEnd, generation, emptied, server, marks = 0, 0, 0, 0, 0, false
local stored = call('GET', partition)
if stored and #stored == 40 then mark, firstEnd, generation, emptied, server = sunpack('<ddddd', stored) end
local here, looks = server, now - mark >= 100 or now < mark
if now < mark then now = mark end

local head = ARGV[1]
local count, spans, seen, known, opened, ends, at = sunpack('<HHdddd', head)
if looks and known ~= 0 then
  local told = pcall('INFO', 'replication')
  here = type(told) == 'string' and tonumber(told:match('master_replid:(%x%x%x%x%x%x%x%x%x%x%x%x)') or '', 16) or server
end
if mark < seen or known ~= 0 and generation ~= known or here ~= server and server ~= 0 then return { 'lost', now, {} } end
`;

/** The windows that are open by the server's clock, where one that was named second may be. */
export const windows = `
-- Of each its id and end, or false and its rate.
local windows = {}
for i = 1, spans do
  local figures, id, starts, ends
  figures, id, starts, ends, at = sunpack('<Bsdd', head, at)
  if figures == 0 then
    windows[i] = { false, starts, ends }
  else
    local found = now >= starts and now < ends and { id, ends }
    for _ = 2, figures do
      id, starts, ends, at = sunpack('<sdd', head, at)
      if not found and now >= starts and now < ends then found = { id, ends } end
    end
    if not found then return { 'clock', now } end
    windows[i] = found
  end
end
`;

/**
 * Counters as they are read and changed in memory. But for plain cases, nothing is written before `flush`, so that a script that
 * fails has changed nothing.
 */
export const prelude = `
local pack, sub, format = cmsgpack.pack, string.sub, string.format
local raw, tallies, touched, hashes, hashList = {}, {}, {}, {}, {}
local leases, changed, born, gone, events, stray = {}, {}, {}, {}, {}, {}

-- The hash and the field of a counter: everything from its tenant on is its scope; one without a tenant has a hash of its own.
local function placeOf(key)
  local bar = key:find('|[^|]*$')
  local at = key:find('/tenant=', 3, true)
  local scope = at and 's:' .. sub(key, at + 1, bar - 1) or 'o:' .. sub(key, 3, bar - 1)
  local hash = hashes[scope]
  if not hash then
    hash = { name = base .. scope, scope = scope, keep = false, needs = 0, opened = false, written = {}, asked = {} }
    hashes[scope] = hash
    hashList[#hashList + 1] = hash
  end
  return hash, sub(key, 1, at and at - 1 or 2) .. sub(key, bar)
end

-- The key of a counter in this field of this hash.
local function keyAt(scope, field)
  local bar = field:find('|[^|]*$')
  if byte(scope) == 111 then return sub(field, 1, 2) .. sub(scope, 3) .. sub(field, bar) end
  return sub(field, 1, bar - 1) .. '/' .. sub(scope, 3) .. sub(field, bar)
end

local function counterIn(key) return key:match('^.:(.*)|') end

local function fetch(key)
  local value = raw[key]
  if value == nil then
    local hash, field = placeOf(key)
    value = call('HGET', hash.name, field)
    raw[key] = value
  end
  return value
end

-- Counters, of each hash together.
local function prefetch(keys)
  for i = 1, #keys do
    local hash, field = placeOf(keys[i])
    local asked = hash.asked
    asked[#asked + 1] = field
    asked[#asked + 1] = keys[i]
  end
  for i = 1, #hashList do
    local hash, fields = hashList[i], { 'k' }
    local asked = hash.asked
    for j = 1, #asked, 2 do fields[#fields + 1] = asked[j] end
    local values = call('HMGET', hash.name, unpack(fields))
    hash.keep = values[1] and 1000 * sunpack('<I4', values[1]) or 0
    for j = 2, #asked, 2 do raw[asked[j]] = values[j / 2 + 1] end
    hash.asked = {}
  end
end

-- A hash outlives what it holds something for.
local function keepUntil(hash, untilMs)
  if untilMs > hash.needs then hash.needs = untilMs end
end

local function refill(t)
  local elapsed = now - t.at
  if elapsed > 0 then
    t.at = now
    if t.whole > 0 then
      local num, den = t.num, t.den
      local parts, units = elapsed * num + t.rest, 0
      if parts <= 9007199254740991 then
        units = floor(parts / den)
        parts = parts - units * den
      else
        local more, left = math.fmod(num, den), math.fmod(elapsed, den)
        units = elapsed * floor(num / den) + floor(elapsed / den) * more
        parts = t.rest
        local step = more > 0 and floor((9007199254740991 - den) / more) or left
        while left > 0 do
          local taken = min(left, step)
          parts = parts + taken * more
          local rest = math.fmod(parts, den)
          units = units + (parts - rest) / den
          parts = rest
          left = left - taken
        end
      end
      if units >= t.whole then t.whole, t.rest = 0, 0 else t.whole, t.rest = t.whole - units, parts end
    end
  end
  if t.whole == 0 then t.reached, t.news = 0, false end
end

-- w: what a counter that is not there begins with; without it, one that is not there is a ghost, which nobody keeps. cap: what a
-- bucket that is not there began empty of, where counters were lost.
-- Every field is there from the beginning: a table that grows costs more than all that is done with it.
local function tally(key, w, cap)
  local t = tallies[key]
  if t then return t end
  local value, kind = fetch(key), byte(key)
  local stored, size = value and true or false, 0
  if kind == 99 then
    local used, held, ends, reached = 0, 0, w and w[2] or now, 0
    if value then
      used, held, ends, reached = sunpack('<ddI4B', value)
      ends, size = 1000 * ends, 21
    end
    t = {
      key = key, kind = 1, window = false, used = used, held = held, ends = ends, reached = reached,
      pend = 0, stored = stored, ghost = not stored and ends <= now, dirty = false, news = false,
    }
  elseif kind == 98 then
    local whole, rest, at, holds, num, den, reached = 0, 0, now, 0, w and w[2] or 1, w and w[3] or 1, 0
    if value then
      whole, rest, at, holds, num, den, reached = sunpack('<ddddddB', value)
      size = 49
    elseif emptied > 0 or generation < 0 then
      whole, at = cap or 0, generation < 0 and now or min(now, emptied)
    end
    t = {
      key = key, kind = 2, window = 'bucket', whole = whole, rest = rest, at = at, holds = holds, num = num, den = den,
      reached = reached, pend = 0, stored = stored, ghost = not stored and not w, dirty = false, news = false,
    }
  else
    t = {
      key = key, kind = 3, window = 'live', held = value and sunpack('<d', value) or 0,
      pend = 0, stored = stored, ghost = false, dirty = false, news = false,
    }
  end
  if size > 0 and #value > size then t.news = cmsgpack.unpack(sub(value, size + 1)) end
  if kind == 98 then refill(t) end
  tallies[key] = t
  return t
end

-- Nothing is reported of a calendar window that is over.
local function isOver(t) return t.kind == 1 and t.ends <= now end

local function adopt(t, w)
  if t.num ~= w[2] or t.den ~= w[3] then t.rest, t.num, t.den = 0, w[2], w[3] end
end

local function keyOf(counter, w)
  if w == 0 then return 'l:' .. counter .. '|live' end
  local window = windows[w]
  if window[1] then return 'c:' .. counter .. '|' .. window[1] end
  return 'b:' .. counter .. '|bucket'
end

local function current(key, w, cap)
  local window = windows[w]
  local t = tally(key, window, cap)
  if t.kind == 1 then
    t.window = window[1]
  elseif t.kind == 2 then
    adopt(t, window)
  end
  return t
end

local function standing(t)
  if t.kind == 1 then return t.used, t.held end
  if t.kind == 2 then return max(0, t.whole - t.holds), min(t.holds, t.whole) end
  return 0, t.held
end

local function touch(t)
  if not t.dirty then
    t.dirty = true
    touched[#touched + 1] = t
  end
end

-- Uses an amount (negative in a correction), and gives back what is released.
local function settle(t, amount, release)
  touch(t)
  if t.kind == 1 then
    t.used = max(0, t.used + amount)
    t.held = max(0, t.held - release)
  elseif t.kind == 2 then
    t.whole = t.whole + amount - release
    t.holds = max(0, t.holds - release)
    if t.whole <= 0 then t.whole, t.rest = 0, 0 end
  else
    t.held = max(0, t.held - release)
  end
end

local function hold(t, amount)
  touch(t)
  if t.kind == 1 then
    t.held = t.held + amount
  elseif t.kind == 2 then
    t.whole = t.whole + amount
    t.holds = t.holds + amount
  else
    t.held = t.held + amount
  end
end

local function windowOf(key) return key:match('|([^|]*)$') end

-- The counter as it is written, which also serves to tell later how it stood.
local function packed(t)
  if t.kind == 1 then return spack('<ddI4B', t.used, t.held, floor(t.ends / 1000), t.reached) end
  if t.kind == 2 then return spack('<ddddddB', t.whole, t.rest, t.at, t.holds, t.num, t.den, t.reached) end
  return spack('<d', t.held)
end

local function figures(t, granted)
  local window = t.window or windowOf(t.key)
  if t.kind == 1 then return { window, granted, 1, t.used, t.held, t.ends } end
  if t.kind == 2 then return { window, granted, 2, t.whole, t.rest, t.at, t.holds, t.num, t.den } end
  return { window, granted, 3, t.held }
end

local function takeNews(list)
  local crossed = {}
  for i = 1, #list do
    local t = list[i]
    if t.news and not isOver(t) then
      for j = 1, #t.news do crossed[#crossed + 1] = t.news[j] end
      t.news = false
      touch(t)
    end
  end
  return crossed
end
`;

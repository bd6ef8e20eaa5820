/**
 * What every script begins with: the clock and the windows.
 *
 * KEYS[1] is the partition's own key, which says the last minute that was seen and when the first lease may run out; every other key
 * is it plus a suffix, hence in the same slot. ARGV[1] says how many operations follow, and the windows they refer to. ARGV[2] and on:
 * the operations, then usage events, opaque.
 *
 * Counters, by kind, as little-endian doubles (exact to 2^53), then what is to be reported of thresholds, if anything:
 * `c:` used, held, end of window, kept until, thresholds reached · `b:` drawn, remainder, at, holds, numerator, denominator,
 * thresholds reached · `l:` held.
 */
export const opening = `
local call, floor, max, min = redis.call, math.floor, math.max, math.min
local pack, unpackOne, spack, sunpack = cmsgpack.pack, cmsgpack.unpack_one, struct.pack, struct.unpack
local sub, byte, format, rep, concat = string.sub, string.byte, string.format, string.rep, table.concat
local nothing, noneCrossed = {}, '\\144'
local partition = KEYS[1]
local base = partition .. ':'
--clock--
local time = call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)
--clock--
-- The last minute that was seen, and when the first lease may run out: before, none is looked for.
local mark, firstEnd, marks = 0, 0, false
local stored = call('GET', partition)
if stored then mark, firstEnd = sunpack('<dd', stored) end
if now < mark then now = mark end

local head, at = ARGV[1], 17
local count, spans = sunpack('<dd', head)
local windows = {}
for i = 1, spans do
  local figures
  figures, at = sunpack('<d', head, at)
  if figures == 2 then
    local num, den
    num, den, at = sunpack('<dd', head, at)
    windows[i] = { num, den, id = false }
  else
    local found = false
    for _ = 1, figures, 3 do
      local id, starts, ends
      id, starts, ends, at = sunpack('<sdd', head, at)
      if not found and now >= starts and now < ends then found = { id = id, ends = ends } end
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
export const world = `
local raw, tallies, touched = {}, {}, {}
local leases, changed, born, gone, events, unneeded = {}, {}, {}, {}, {}, {}

local function fetch(key)
  local value = raw[key]
  if value == nil then
    value = call('GET', base .. key)
    raw[key] = value
  end
  return value
end

local function prefetch(keys)
  local full = {}
  for i = 1, #keys do full[i] = base .. keys[i] end
  local values = call('MGET', unpack(full))
  for i = 1, #keys do raw[keys[i]] = values[i] end
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

-- w: what a counter that is not there begins with; without it, one that is not there is a ghost, which nobody keeps.
-- Every field is there from the beginning: a table that grows costs more than all that is done with it.
local function tally(key, w)
  local t = tallies[key]
  if t then return t end
  local value, kind, name = fetch(key), byte(key), base .. key
  local stored, size = value and true or false, 0
  if kind == 99 then
    local used, held, ends, keep, reached = 0, 0, w and w.ends or now, 0, 0
    if value then
      used, held, ends, keep, reached = sunpack('<ddddd', value)
      size = 40
    end
    t = {
      key = key, name = name, kind = 1, window = false, used = used, held = held, ends = ends, keep = keep, reached = reached,
      pend = 0, wants = 0, stored = stored, ghost = not stored and ends <= now, dirty = false, news = false,
    }
  elseif kind == 98 then
    local whole, rest, at, holds, num, den, reached = 0, 0, now, 0, w and w[1] or 1, w and w[2] or 1, 0
    if value then
      whole, rest, at, holds, num, den, reached = sunpack('<ddddddd', value)
      size = 56
    end
    t = {
      key = key, name = name, kind = 2, window = 'bucket', whole = whole, rest = rest, at = at, holds = holds, num = num, den = den,
      reached = reached, pend = 0, stored = stored, ghost = not stored and not w, dirty = false, news = false,
    }
  else
    t = {
      key = key, name = name, kind = 3, window = 'live', held = value and sunpack('<d', value) or 0,
      pend = 0, stored = stored, ghost = false, dirty = false, news = false,
    }
  end
  if size > 0 and #value > size then t.news = cmsgpack.unpack(sub(value, size + 1)) end
  if kind == 98 and value then refill(t) end
  tallies[key] = t
  return t
end

-- Nothing is reported of a calendar window that is over.
local function isOver(t) return t.kind == 1 and t.ends <= now end

local function adopt(t, w)
  if t.num ~= w[1] or t.den ~= w[2] then t.rest, t.num, t.den = 0, w[1], w[2] end
end

local function keyOf(counter, w)
  if w == 0 then return 'l:' .. counter .. '|live' end
  local window = windows[w]
  if window.id then return 'c:' .. counter .. '|' .. window.id end
  return 'b:' .. counter .. '|bucket'
end

local function current(key, w)
  local window = windows[w]
  local t = tally(key, window)
  if t.kind == 1 then
    t.window = window.id
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

local function hold(t, amount, keepMs)
  touch(t)
  if t.kind == 1 then
    t.held = t.held + amount
    t.wants = max(t.wants, t.ends + keepMs)
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
  if t.kind == 1 then return spack('<ddddd', t.used, t.held, t.ends, t.keep, t.reached) end
  if t.kind == 2 then return spack('<ddddddd', t.whole, t.rest, t.at, t.holds, t.num, t.den, t.reached) end
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

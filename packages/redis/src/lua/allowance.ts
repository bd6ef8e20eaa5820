/**
 * The allowances of providers, as core's `ProviderAllowance` and `ProviderLimit` keep them in memory; one hash for each. Fields: `u:<n>`, a
 * limit's state by the position of its unit; `w:<tenant>`, a waiting tenant: start, until, size; `rests`; `time`, the virtual time;
 * `totals`, the totals ever taken; `underway`, taken and without a response: a slot of 250 ms and its amounts, for each slot. The clock is
 * the server's, in ms; ARGV[1] replaces it in tests.
 */
const begin = `
local key, huge = KEYS[1], 1e300
local function now_ms()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + time[2] / 1000
end
local now = now_ms()
local believed, rate_ms, usual_ms, margin_ms, units = 60000, 120000, 60000, 250, 4
local slot_ms, underway_ms = 250, 2000
local limits, waiting, underway, rests, virtual, totals = {}, {}, {}, 0, 0, { 0, 0, 0, 0 }

local function numbers(text)
  local found = {}
  for number in string.gmatch(text, '%S+') do found[#found + 1] = tonumber(number) end
  return found
end
local function line_of(list)
  local texts = {}
  for i = 1, #list do texts[i] = string.format('%.17g', list[i]) end
  return table.concat(texts, ' ')
end
local function size_at(at)
  local size = {}
  for i = 1, units do size[i] = tonumber(ARGV[at + i - 1]) end
  return size
end

local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  local field, value = all[i], all[i + 1]
  local kind = string.sub(field, 1, 2)
  if kind == 'u:' then
    local n = numbers(value)
    limits[tonumber(string.sub(field, 3))] = { limit = n[1], level = n[2], at = n[3], reset = n[4], rate = n[5],
      slowest = n[6], fastest = n[7], slowest_before = n[8], fastest_before = n[9], since = n[10], stated = n[11], heard = n[12],
      heard_total = n[13] }
  elseif kind == 'w:' then
    local n = numbers(value)
    if n[2] > now then
      waiting[string.sub(field, 3)] = { start = n[1], ends = n[2], sizes = { { n[3], n[4], n[5], n[6] } }, positions = {} }
    else
      redis.call('HDEL', key, field)
    end
  elseif field == 'rests' then
    rests = tonumber(value)
  elseif field == 'time' then
    virtual = tonumber(value)
  elseif field == 'totals' then
    totals = numbers(value)
  elseif field == 'underway' then
    local n = numbers(value)
    for at = 1, #n, 5 do
      if (n[at] + 1) * slot_ms > now - underway_ms then underway[n[at]] = { n[at + 1], n[at + 2], n[at + 3], n[at + 4] } end
    end
  end
end

local function refill(limit)
  local slowest = math.min(limit.slowest, limit.slowest_before)
  local fastest = math.max(limit.fastest, limit.fastest_before)
  if fastest > slowest * 2 then return 0 end
  if fastest > 0 then return slowest end
  if limit.rate > 0 then return limit.rate end
  return limit.limit / usual_ms
end
local function remove(taken_at, size)
  local amounts = taken_at and underway[math.floor(taken_at / slot_ms)]
  if not amounts then return end
  for unit = 1, units do amounts[unit] = math.max(0, amounts[unit] - size[unit]) end
end
local function settle(unit, limit)
  if now > limit.at then
    limit.level = math.min(limit.limit, limit.level + refill(limit) * (now - limit.at))
    limit.at = now
  end
  if now >= limit.reset then
    limit.level = math.max(limit.level, limit.limit - (totals[unit] - limit.heard_total))
    limit.reset = huge
  end
end
local function wait_of(size)
  local wait = math.max(0, rests - now)
  for unit, limit in pairs(limits) do
    settle(unit, limit)
    local rate = refill(limit)
    local missing = math.min(size[unit] + rate * margin_ms, limit.limit) - limit.level
    if missing > 0 then
      local least = math.min(rate > 0 and missing / rate or huge, limit.reset - now, limit.stated + believed - now)
      wait = math.max(wait, least)
    end
  end
  return wait
end
local function take(size)
  for unit, limit in pairs(limits) do
    if limit.level < math.min(size[unit], limit.limit) then limit.stated = now end
    limit.level = limit.level - size[unit]
  end
  local slot = math.floor(now / slot_ms)
  underway[slot] = underway[slot] or { 0, 0, 0, 0 }
  for unit = 1, units do
    totals[unit] = totals[unit] + size[unit]
    underway[slot][unit] = underway[slot][unit] + size[unit]
  end
end
local function hold(size, sign)
  for unit, limit in pairs(limits) do limit.level = limit.level - sign * size[unit] end
end
local function save()
  local fields = { 'rests', string.format('%.17g', rests), 'time', string.format('%.17g', virtual),
    'totals', line_of(totals), 'underway', '' }
  local slots = {}
  for slot, amounts in pairs(underway) do slots[#slots + 1] = slot .. ' ' .. line_of(amounts) end
  fields[#fields] = table.concat(slots, ' ')
  for unit, limit in pairs(limits) do
    fields[#fields + 1] = 'u:' .. unit
    fields[#fields + 1] = line_of({ limit.limit, limit.level, limit.at, limit.reset, limit.rate,
      limit.slowest, limit.fastest, limit.slowest_before, limit.fastest_before, limit.since, limit.stated, limit.heard,
      limit.heard_total })
  end
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, 600000)
end
`;

/** ARGV: clock, most that wait, latest ask and grace in ms, then tenant and size of each call. Answers wait, now, the totals, then 0 or 1 and the totals of each. */
export const takeSource = `${begin}
local most, latest, grace = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lines, order, answers, held = {}, {}, {}, {}
local known = 0
for tenant, line in pairs(waiting) do
  lines[tenant] = line
  order[#order + 1] = tenant
  known = known + 1
end
local position = 0
for at = 5, #ARGV, 5 do
  position = position + 1
  local tenant, line = ARGV[at], lines[ARGV[at]]
  if not line then
    line = { start = virtual, sizes = {}, positions = {} }
    lines[tenant] = line
    order[#order + 1] = tenant
  elseif #line.positions == 0 then
    line.sizes = {}
  end
  line.sizes[#line.sizes + 1] = size_at(at + 1)
  line.positions[#line.positions + 1] = position
  answers[position] = '0'
end
table.sort(order)
local wait = 0
while true do
  local first
  for _, tenant in ipairs(order) do
    local line = lines[tenant]
    if #line.sizes > 0 and (not first or line.start < first.start) then first = line end
  end
  if not first then break end
  local size = first.sizes[1]
  wait = wait_of(size)
  if wait > 0 then break end
  table.remove(first.sizes, 1)
  local cost = 2.220446049250313e-16
  for unit, limit in pairs(limits) do cost = math.max(cost, size[unit] / limit.limit) end
  if #first.positions == 0 then
    held[#held + 1] = size
    hold(size, 1)
  else
    local mine = table.remove(first.positions, 1)
    take(size)
    virtual = first.start
    answers[mine] = '1 ' .. line_of(totals)
  end
  first.start = first.start + cost
end
for _, size in ipairs(held) do hold(size, -1) end
local ask = 0
if wait > 0 then ask = math.min(math.max(1, math.ceil(wait)), latest) end
for at = 5, #ARGV, 5 do
  local tenant = ARGV[at]
  local line = lines[tenant]
  if line and #line.positions == 0 then
    if waiting[tenant] then redis.call('HDEL', key, 'w:' .. tenant) end
  elseif line and (waiting[tenant] or known < most) then
    local size = line.sizes[1]
    redis.call('HSET', key, 'w:' .. tenant, line_of({ line.start, now + ask + grace, size[1], size[2], size[3], size[4] }))
  end
  lines[tenant] = nil
end
save()
return { string.format('%d', ask), string.format('%.17g', now), unpack(answers) }`;

/** ARGV: clock, rest in ms, when the call was taken (empty: unknown), totals by then, its size, then unit, limit, remaining, reset of each; empty: not stated. */
export const stateSource = `${begin}
if tonumber(ARGV[2]) > 0 then rests = math.max(rests, now + math.min(tonumber(ARGV[2]), 60000)) end
local taken_at = tonumber(ARGV[3])
local by_then = size_at(4)
remove(taken_at, size_at(8))
local all_underway = { 0, 0, 0, 0 }
for _, amounts in pairs(underway) do
  for unit = 1, units do all_underway[unit] = all_underway[unit] + amounts[unit] end
end
for at = 12, #ARGV, 4 do
  local unit, stated, remaining, reset = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local limit = limits[unit]
  if not limit then
    limit = { limit = 0, level = 0, at = 0, reset = huge, rate = 0, slowest = huge, fastest = 0,
      slowest_before = huge, fastest_before = 0, since = 0, stated = 0, heard = -1, heard_total = 0 }
    limits[unit] = limit
  end
  settle(unit, limit)
  limit.limit = math.max(stated or math.max(limit.limit, remaining), 1)
  limit.stated = now
  local used = limit.limit - remaining
  if used > 0 then
    limit.rate = used / ((reset and reset > 0) and reset or usual_ms)
    if used >= limit.limit * 0.1 then
      if now - limit.since > rate_ms then
        local is_next = now - limit.since < 2 * rate_ms
        limit.slowest_before = is_next and limit.slowest or huge
        limit.fastest_before = is_next and limit.fastest or 0
        limit.slowest, limit.fastest = huge, 0
        limit.since = now
      end
      limit.slowest = math.min(limit.slowest, limit.rate)
      limit.fastest = math.max(limit.fastest, limit.rate)
    end
  end
  if not taken_at or taken_at >= limit.heard then
    limit.heard = taken_at or limit.heard
    limit.heard_total = taken_at and by_then[unit] or totals[unit]
    limit.reset = now + (reset or usual_ms)
    limit.level = math.min(limit.limit, remaining)
    if taken_at then
      local since = math.max(totals[unit] - by_then[unit], all_underway[unit])
      local as_of_then = remaining + refill(limit) * (now - taken_at) - since
      limit.level = math.min(limit.limit, remaining - all_underway[unit], as_of_then)
    end
  end
end
save()
return 1`;

/** ARGV: clock, when it was taken, size. */
export const giveBackSource = `${begin}
local size = size_at(3)
remove(tonumber(ARGV[2]), size)
for unit, limit in pairs(limits) do
  limit.level = math.min(limit.limit, limit.level + size[unit])
end
for unit = 1, units do totals[unit] = totals[unit] - size[unit] end
if #all > 0 then save() end
return 1`;

/** How long a partition is left to one process to rebuild it, after which another may. */
const sealedMs = 5_000;
/** A partition in which no script has run for this long, though every process checks it each second, may be an old copy of itself. In ms. */
const silentMs = 10_000;

/**
 * Restores a process's holds: its reservations, in their current state. [id, lease, [[key, unit, cap, end of window or numerator,
 * denominator, amount], …], [[attempt, event's ARGV or 0, [[key, floor, running cost], …]], …]]
 */
export const hold = `
local out = {}
lookDeep()
for i = 1, count do
  local op = cjson.decode(ARGV[i + 1])
  local id, leaseMs = op[1], op[2]
  local L = leaseOf(id)
  if L and L.state ~= 0 then
    out[i] = 0
  else
    local isKnown, caps, running = L and true, {}, {}
    if L then giveBack(L) else L = newLease(id, 0, leaseMs, 0) end
    L.leaseMs, L.holds = leaseMs, {}
    for _, one in ipairs(op[3]) do
      local key, amount = one[1], one[6]
      local t = tally(key, { false, one[4], one[5] }, one[3])
      caps[key] = { one[2], one[3], one[4], one[5] }
      L.holds[#L.holds + 1], L.holds[#L.holds + 2] = key, amount
      if t.kind == 2 and (not isKnown or t.whole <= 0) then
        -- A bucket that begins empty is short of it already, and never of more than all: leases may hold more, since it refills meanwhile.
        touch(t)
        t.holds = t.holds + amount
        t.whole = max(t.whole, min(t.holds, one[3]))
      else
        hold(t, amount)
      end
      keepUntil(placeOf(key), max(now + leaseMs, t.ends or 0) + 2 * leaseMs)
    end
    for _, one in ipairs(op[4]) do
      if stateOf(L, one[1]) ~= 2 then
        setState(L, one[1], 0)
        local costs = {}
        for j, cost in ipairs(one[3]) do costs[j] = { cost[1], cost[2], cost[3], 0 } end
        running[#running + 1] = { one[1], one[2] > 0 and ARGV[one[2]] or '', false, costs }
      end
    end
    L.deep = { answer = false, declared = '', caps = caps, attempts = running, extensions = {} }
    renewed(L)
    out[i] = 1
  end
end
`;

/**
 * The steps of rebuilding a lost partition; the number of the generation determines which process may do what. Below 0 it is closed:
 * processes with that number restore their leases and repeat their charges. The process that seals it changes the number, and alone fills
 * and opens it. The hash `lost` contains the time of the loss, the time until which others are waited for, and for each known process
 * whether it has sent everything.
 *
 * [report, process, generation known, time seen, [[process, lease], …], number sent everything under, least wait] → [generation, sealed by
 * this call, sealed by any process] · [keep, number] · [fill, number, [[key, end of window, amount], …]] · [open, number, first lease to
 * check, whether buckets begin empty] → [1, next lease to check] or [2, generation] · [undelivered]
 */
export const rebuild = `
local out, losses = {}, base .. 'lost'
local op = cjson.decode(ARGV[2])
local kind = op[1]
local told = pcall('INFO', 'replication')
here = type(told) == 'string' and tonumber(told:match('master_replid:(%x%x%x%x%x%x%x%x%x%x%x%x)') or '', 16) or server
local moved = here ~= server and server ~= 0
local function text(number) return format('%.0f', number) end
lookDeep()
if kind == 'report' then
  local knew, seenThere, sent = op[3], op[4], op[6]
  local behind = generation < knew or generation == knew and mark < seenThere or knew < 0 and now - mark > ${silentMs}
  if generation == 0 or generation > 0 and behind or moved then
    generation, marks = -now, true
    call('DEL', losses)
    call('HSET', losses, 'since', text(now), 'until', text(now), 'knew', '0')
  end
  local sealed = false
  local yours = 0
  if generation < 0 then
    local all, known, waits = call('HGETALL', losses), {}, false
    for i = 1, #all, 2 do known[all[i]] = all[i + 1] end
    local since, last = tonumber(known.since or now), tonumber(known['until'] or now)
    for _, one in ipairs(op[5]) do
      local field = 'p:' .. one[1]
      if not known[field] then
        known[field] = '0'
        call('HSET', losses, field, '0')
      end
      last = max(last, since + one[2])
    end
    if sent == generation then
      known['p:' .. op[2]] = '1'
      call('HSET', losses, 'p:' .. op[2], '1')
    end
    call('HSET', losses, 'until', text(last), 'knew', text(max(tonumber(known.knew or 0), knew)))
    for field, done in pairs(known) do
      if sub(field, 1, 2) == 'p:' and done ~= '1' then waits = true end
    end
    sealed = known.sealed and now - tonumber(known.sealed) < ${sealedMs}
    local ready = now >= last or not waits and now >= since + op[7]
    if (known['p:' .. op[2]] == '1' or known.sealed) and ready and not sealed then
      generation, marks, yours = generation - 1, true, 1
      call('HSET', losses, 'sealed', text(now))
    end
    sealed = sealed or known.sealed
  end
  out[1] = { generation, yours, sealed and 1 or 0 }
elseif kind == 'undelivered' then
  local stream, waits = base .. 'outbox', 0
  local latest = call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if latest then
    local groups = call('XINFO', 'GROUPS', stream)
    if #groups == 0 then waits = 1 end
    for _, group in ipairs(groups) do
      local facts = {}
      for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
      if facts.pending > 0 or facts['last-delivered-id'] ~= latest[1] then waits = 1 end
    end
  end
  out[1] = { waits }
elseif generation ~= op[2] then
  out[1] = { 0 }
elseif kind == 'keep' then
  call('HSET', losses, 'sealed', text(now))
  out[1] = { 1 }
elseif kind == 'fill' then
  for _, one in ipairs(op[3]) do
    local t = tally(one[1], { false, one[2] })
    if t.used < one[3] then
      touch(t)
      t.used = one[3]
    end
  end
  out[1] = { 1 }
else
  -- Leases of an older copy that nobody has held again have ended since: what they held is given back, and nothing charged.
  local since = tonumber(call('HGET', losses, 'since') or now)
  local ids, kept = call('ZRANGE', base .. 'leases', op[3], op[3] + 499), 0
  for _, id in ipairs(ids) do
    local L = leaseOf(id)
    if not L then
      gone[#gone + 1] = id
    elseif L.state == 0 and L.expires - L.leaseMs < since then
      endLease(L)
    else
      kept = kept + 1
    end
  end
  if #ids == 500 then
    out[1] = { 1, op[3] + kept }
  else
    generation = max(now, tonumber(call('HGET', losses, 'knew') or 0) + 1)
    emptied, firstEnd, marks = op[4] == 1 and now or 0, 0, true
    call('DEL', losses)
    out[1] = { 2, generation }
  end
end
`;

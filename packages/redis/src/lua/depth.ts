/**
 * What is needed seldom: repeated and extended reservations, heartbeats, reaping. Its functions are made when they are needed first,
 * since making them costs every script that does not. `inside`: further functions that only these need here.
 */
export const depth = (inside: string): string => String.raw`
local deepOf, attemptOf, costOn, setState, kept, chargesText, reap
local function lookDeep()
  if deepOf then return end
${inside}
  -- The answer to a reservation, as it was given.
  local function toldIn(charges, text)
    local a, at, expires, next = sunpack('<ddd', text)
    local answer = {}
    for i = 1, #charges do
      local window, granted, kind
      window, granted, kind, next = sunpack('<sdd', text, next)
      if kind == 3 then
        local held
        held, next = sunpack('<d', text, next)
        answer[i] = { window, granted, 3, held }
      elseif kind == 2 then
        local whole, rest, since, held, num, den, _
        whole, rest, since, held, num, den, _, next = sunpack('<ddddddd', text, next)
        answer[i] = { window, granted, 2, whole, rest, since, held, num, den }
      else
        local used, held, ends, _, _2
        used, held, ends, _, _2, next = sunpack('<ddddd', text, next)
        answer[i] = { window, granted, 1, used, held, ends }
      end
    end
    return { 1, a - 1, at, expires, answer, cmsgpack.unpack(sub(text, next)) }
  end

  function deepOf(L)
    if L.deep then return L.deep end
    local deep = { caps = {}, attempts = {}, extensions = {} }
    local value = L.rest == 2 and call('GET', base .. 'd:' .. L.id)
    local stored = L.came or L.rest == 1 and call('LRANGE', base .. 'x:' .. L.id, 0, -1)
    if value then
      stored = cmsgpack.unpack(value)
      deep = { answer = stored[1], declared = stored[2], caps = stored[3], attempts = stored[4], extensions = stored[5] }
    elseif stored and stored[3] then
      local _, _, declared, alternatives = reserveIn(stored[1])
      local charges, costs, told = alternatives[sunpack('<d', stored[3])][2], {}, {}
      local answer = toldIn(charges, stored[3])
      for i = 1, #charges do told[i] = { charges[i][1], charges[i][3], charges[i][9] } end
      deep.answer, deep.declared = { 2, told, answer }, declared
      for i = 1, #charges do
        local charge, told = charges[i], answer[5][i]
        local name = (told[3] == 3 and 'l:' or told[3] == 2 and 'b:' or 'c:') .. charge[1] .. '|' .. told[1]
        deep.caps[name] = deep.caps[name] or { charge[9], charge[3], told[3] == 2 and told[8] or told[6] or 0, told[9] or 0 }
        if charge[7] > 0 then costs[#costs + 1] = { name, charge[7], 0, 0 } end
      end
      if declared ~= '' then
        local running = stateOf(L, declared) == 0
        deep.attempts[1] = { declared, running and stored[2] or '', false, running and costs or {} }
      end
    end
    L.deep = deep
    return deep
  end

  function attemptOf(deep, id)
    for i = 1, #deep.attempts do
      if deep.attempts[i][1] == id then return deep.attempts[i] end
    end
  end

  function costOn(attempt, key)
    for i = 1, #attempt[4] do
      if attempt[4][i][1] == key then return attempt[4][i] end
    end
    local cost = { key, 0, 0, 0 }
    attempt[4][#attempt[4] + 1] = cost
    return cost
  end

  function setState(L, attemptId, state)
    local _, at = stateOf(L, attemptId)
    at = at or #L.attempts + 1
    L.attempts[at], L.attempts[at + 1] = attemptId, state
  end

  -- A counter that a lease holds something of; where it is not there any more, it begins anew.
  function kept(L, key)
    local cap = deepOf(L).caps[key]
    return tally(key, cap and { cap[3], cap[4], ends = cap[3] })
  end

  function chargesText(list)
    local lines = {}
    for i = 1, #list do
      local counter, window = list[i][1]:match('^.:(.*)|(.*)$')
      lines[i] = counter .. '\t' .. window .. '\t' .. format('%.0f', list[i][2])
    end
    return table.concat(lines, '\n')
  end

  function reap(L)
    local deep = deepOf(L)
    for i = 1, #L.attempts, 2 do
      if L.attempts[i + 1] == 0 then
        local charges = {}
        local attempt = attemptOf(deep, L.attempts[i]) or { '', '', false, {} }
        for _, cost in ipairs(attempt[4]) do
          local amount = byte(cost[1]) == 108 and 0 or max(cost[2], cost[3])
          if amount > 0 then
            cost[4] = amount
            local cap, crossed, t = deep.caps[cost[1]], {}, kept(L, cost[1])
            raise(cost[1], cap[1], cap[2], t, amount, 0, crossed)
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
end
`;

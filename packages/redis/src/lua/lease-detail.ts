/**
 * Rarely needed functions: repeated and extended reservations, heartbeats, reaping. They are created on first use, since creating them
 * costs time in every script that does not need them. `inside`: further functions that only these need.
 */
export const leaseDetail = (inside: string): string => String.raw`
local deepAs, deepOf, attemptOf, costOn, setState, kept, chargesText, reap
local function lookDeep()
  if deepOf then return end
${inside}
  -- The answer to a plain reservation, as it was given.
  local function toldIn(charges, text)
    local _, at, expires, exact, next = sunpack('<BddB', text)
    local answer, grants = {}, {}
    for i = 1, #charges do
      local key, want = charges[i][10], charges[i][4]
      grants[i] = byte(key) == 108 and min(want, 1) or want
      if exact == 0 then grants[i], next = sunpack('<d', text, next) end
    end
    for i = 1, #charges do
      local key, window = charges[i][10], windowOf(charges[i][10])
      if byte(key) == 99 then
        local used, held, ends, _
        used, held, ends, _, next = sunpack('<ddI4B', text, next)
        answer[i] = { window, grants[i], 1, used, held, 1000 * ends }
      elseif byte(key) == 98 then
        local whole, rest, since, held, num, den, _
        whole, rest, since, held, num, den, _, next = sunpack('<ddddddB', text, next)
        answer[i] = { window, grants[i], 2, whole, rest, since, held, num, den }
      else
        local held
        held, next = sunpack('<d', text, next)
        answer[i] = { window, grants[i], 3, held }
      end
    end
    return { 1, 0, at, expires, answer, {} }
  end

  -- What is known of a lease that was reserved with these charges and answered so.
  function deepAs(L, charges, answer, declared, event)
    local deep, told, costs = { declared = declared, caps = {}, attempts = {}, extensions = {} }, {}, {}
    for i = 1, #charges do
      local charge, figures = charges[i], answer[5][i]
      local key = (figures[3] == 3 and 'l:' or figures[3] == 2 and 'b:' or 'c:') .. charge[1] .. '|' .. figures[1]
      told[i] = { charge[1], charge[3], charge[9] }
      deep.caps[key] = deep.caps[key] or { charge[9], charge[3], figures[3] == 2 and figures[8] or figures[6] or 0, figures[9] or 0 }
      if charge[7] > 0 then costs[#costs + 1] = { key, charge[7], 0, 0 } end
    end
    deep.answer = { 2, told, answer }
    if declared ~= '' then
      local isRunning = stateOf(L, declared) == 0
      deep.attempts[1] = { declared, isRunning and event or '', false, isRunning and costs or {} }
    end
    return deep
  end

  function deepOf(L)
    if L.deep then return L.deep end
    local deep = { caps = {}, attempts = {}, extensions = {} }
    local stored = L.listed and call('LRANGE', L.name, 1, -1)
    if L.rest == 2 then
      local text = cmsgpack.unpack(stored[1])
      deep = { answer = text[1], declared = text[2], caps = text[3], attempts = text[4], extensions = text[5] }
    elseif L.rest == 1 or L.rest == 3 then
      local _, _, declared, alternatives = reserveIn(stored[1])
      local charges = alternatives[1][2]
      local answer = toldIn(charges, stored[3])
      -- What was drawn from it is charged already: the attempt that stands for the rest may cost all of that.
      if L.rest == 3 then declared, charges[1][7] = L.attempts[3], L.holds[2] end
      deep = deepAs(L, charges, answer, declared, stored[2])
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
    return tally(key, cap and { false, cap[3], cap[4] }, cap and cap[2])
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
    local deep, surplus = deepOf(L), {}
    -- What is held beyond all heartbeats: floors are charged out of that.
    for i = 1, #L.holds, 2 do surplus[L.holds[i]] = L.holds[i + 1] end
    for i = 1, #L.attempts, 2 do
      local attempt = L.attempts[i + 1] == 0 and attemptOf(deep, L.attempts[i])
      for _, cost in ipairs(attempt and attempt[4] or {}) do surplus[cost[1]] = (surplus[cost[1]] or 0) - cost[3] end
    end
    for i = 1, #L.attempts, 2 do
      if L.attempts[i + 1] == 0 then
        local charges = {}
        local attempt = attemptOf(deep, L.attempts[i]) or { '', '', false, {} }
        for _, cost in ipairs(attempt[4]) do
          local beyond = max(0, min(cost[2] - cost[3], surplus[cost[1]] or 0))
          local amount = byte(cost[1]) == 108 and 0 or cost[3] + beyond
          if amount > 0 then
            cost[4], surplus[cost[1]] = amount, (surplus[cost[1]] or 0) - beyond
            local cap, crossed, t = deep.caps[cost[1]], {}, kept(L, cost[1])
            raise(cost[1], cap[1], cap[2], t, amount, 0, crossed)
            if #crossed > 0 then
              t.news = t.news or {}
              for _, one in ipairs(crossed) do t.news[#t.news + 1] = one end
            end
            charges[#charges + 1] = { cost[1], amount }
            strayed(L, cost[1], amount)
          end
        end
        L.attempts[i + 1] = 1
        -- A lease holds its event where its own store writes events; whoever reaps it may be one that does not.
        if attempt[2] ~= '' then
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

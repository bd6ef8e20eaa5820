/** Writes what has changed, with its expiry. Commands that memory limits may refuse come first, so that none follows a write. */
export const flush = `
local minute = now - now % 60000
if minute > mark or marks then call('SET', partition, spack('<dd', max(minute, mark), firstEnd)) end
for i = 1, #touched do
  local t = touched[i]
  local news = t.news and #t.news > 0 and pack(t.news) or ''
  if t.ghost then
    -- nobody would look at it
  elseif t.kind == 1 then
    if t.wants > t.keep or not t.stored then
      t.keep = max(t.wants, t.ends)
      call('SET', t.name, packed(t) .. news, 'PX', format('%.0f', max(1000, t.keep - now)))
    else
      call('SET', t.name, packed(t) .. news, 'KEEPTTL')
    end
  elseif t.kind == 2 then
    if t.whole == 0 and t.holds == 0 and news == '' then
      if t.stored then unneeded[#unneeded + 1] = t.name end
    elseif t.holds > 0 then
      call('SET', t.name, packed(t) .. news)
    else
      call('SET', t.name, packed(t) .. news, 'PX', format('%.0f', min(1e13, t.whole / t.num * t.den + 60000)))
    end
  elseif t.held > 0 then
    call('SET', t.name, packed(t))
  elseif t.stored then
    unneeded[#unneeded + 1] = t.name
  end
end
for i = 1, #changed do
  local L = changed[i]
  local deep, id = L.deep, L.id
  if deep then
    if L.rest == 1 then drop(L) end
    L.rest = 2
    local rest = pack({ deep.answer or false, deep.declared or '', deep.caps, deep.attempts, deep.extensions })
    if L.state == 0 then
      call('SET', base .. 'd:' .. id, rest)
    else
      call('SET', base .. 'd:' .. id, rest, 'PX', format('%.0f', max(1000, L.expires - now)))
    end
  elseif L.came then
    call('RPUSH', base .. 'x:' .. id, unpack(L.came))
  end
  if L.drops == 1 then
    unneeded[#unneeded + 1] = base .. 'x:' .. id
  elseif L.drops == 2 and not deep then
    unneeded[#unneeded + 1] = base .. 'd:' .. id
  end
  local attempts, holds = L.attempts, L.holds
  local form, all = '<dddddd' .. string.rep('sd', (#attempts + #holds) / 2), {}
  for j = 1, #attempts do all[j] = attempts[j] end
  for j = 1, #holds do all[#all + 1] = holds[j] end
  local value = spack(form, L.state, L.leaseMs, L.expires, L.rest, #attempts / 2, #holds / 2, unpack(all))
  if L.state == 0 then
    call('SET', base .. 'r:' .. id, value)
  else
    call('SET', base .. 'r:' .. id, value, 'PX', format('%.0f', max(1000, L.expires - now)))
  end
end
if #born > 0 then call('ZADD', base .. 'leases', unpack(born)) end
for i = 1, #events do call('XADD', base .. 'outbox', '*', unpack(events[i])) end
if #gone > 0 then call('ZREM', base .. 'leases', unpack(gone)) end
if #unneeded > 0 then call('DEL', unpack(unneeded)) end
return { 'done', now, out }
`;

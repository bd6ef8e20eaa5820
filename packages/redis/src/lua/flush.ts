/** Writes what has changed, with its expiry. Commands that memory limits may refuse come first, so that none follows a write. */
export const flush = `
local minute = now - now % 60000
if minute > mark then call('SET', partition, format('%.0f', minute)) end
local dropped = {}
for i = 1, #touched do
  local t = touched[i]
  local key = base .. t.key
  local news = t.news and #t.news > 0 and pack(t.news) or ''
  if t.ghost then
    -- nobody would look at it
  elseif t.kind == 1 then
    local ms = t.wants and t.wants > t.keep and t.wants - now
    if ms or not t.stored then
      t.keep = t.wants or t.ends
      call('SET', key, spack('<ddddd', t.used, t.held, t.ends, t.keep, t.reached) .. news, 'PX', format('%.0f', max(1000, t.keep - now)))
    else
      call('SET', key, spack('<ddddd', t.used, t.held, t.ends, t.keep, t.reached) .. news, 'KEEPTTL')
    end
  elseif t.kind == 2 then
    if t.whole == 0 and t.holds == 0 and news == '' then
      if t.stored then dropped[#dropped + 1] = key end
    else
      local value = spack('<ddddddd', t.whole, t.rest, t.at, t.holds, t.num, t.den, t.reached) .. news
      if t.holds > 0 then
        call('SET', key, value)
      else
        call('SET', key, value, 'PX', format('%.0f', min(1e13, t.whole / t.num * t.den + 60000)))
      end
    end
  elseif t.held > 0 then
    call('SET', key, spack('<d', t.held))
  elseif t.stored then
    dropped[#dropped + 1] = key
  end
end
for i = 1, #changed do
  local L = changed[i]
  local deep = L.deep
  local cold = deep and pack({ 1, deep.answer or false, deep.declared or '', deep.caps, deep.attempts, deep.extensions }) or L.cold
  local value = pack({ L.state, L.leaseMs, L.expires, L.attempts, L.holds }) .. cold
  if L.state == 0 then
    call('SET', base .. 'r:' .. L.id, value)
  else
    call('SET', base .. 'r:' .. L.id, value, 'PX', format('%.0f', max(1000, L.expires - now)))
  end
end
if #born > 0 then call('ZADD', base .. 'leases', unpack(born)) end
for i = 1, #events do call('XADD', base .. 'outbox', '*', unpack(events[i])) end
if #gone > 0 then call('ZREM', base .. 'leases', unpack(gone)) end
if #dropped > 0 then call('DEL', unpack(dropped)) end
return { 'done', now, out }
`;

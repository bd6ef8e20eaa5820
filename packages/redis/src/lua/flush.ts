import { marking } from './marking.js';

/** How long a hash is kept beyond its need, and a window in it beyond its end, in ms. */
const spareMs = 600_000;
/** For how long stray slices are kept: longer than any window is open, in ms. */
const strayMs = 33 * 86_400_000;

/** Writes the changes, with their expiry. Commands that memory limits may refuse come first, so that none of them follows a write. */
export const flush = `
${marking}
for i = 1, #touched do
  local t = touched[i]
  local news = t.news and #t.news > 0 and pack(t.news) or ''
  local hash, field = placeOf(t.key)
  -- Nobody would look at a ghost. What is empty stays, so that the next request finds it.
  if not t.ghost then
    local written = hash.written
    written[#written + 1] = field
    written[#written + 1] = packed(t) .. news
    if t.kind == 1 then
      keepUntil(hash, t.ends)
      if not t.stored then hash.opened = true end
    elseif t.kind == 2 then
      keepUntil(hash, now + min(1e13, floor(t.whole / t.num * t.den) + 60000))
    end
  end
end
for i = 1, #hashList do
  local hash = hashList[i]
  local written = hash.written
  if #written > 0 or hash.needs > 0 then
    local keep = hash.keep
    if not keep then
      local known = call('HGET', hash.name, 'k')
      keep = known and 1000 * sunpack('<I4', known) or 0
    end
    -- Longer than is needed, so that not every request has to put it off.
    local later = hash.needs > keep and hash.needs + ${spareMs}
    if later then
      written[#written + 1] = 'k'
      written[#written + 1] = spack('<I4', floor(later / 1000))
    end
    if #written > 0 then call('HSET', hash.name, unpack(written)) end
    if later then call('PEXPIRE', hash.name, format('%.0f', max(1000, later - now))) end
  end
  -- A window that begins is the occasion to forget those that are long over.
  if hash.opened then
    local all, over = call('HGETALL', hash.name), {}
    for j = 1, #all, 2 do
      if byte(all[j]) == 99 then
        local _, held, ends = sunpack('<ddI4', all[j + 1])
        if held == 0 and 1000 * ends + ${spareMs} <= now then over[#over + 1] = all[j] end
      end
    end
    if #over > 0 then call('HDEL', hash.name, unpack(over)) end
  end
end
for i = 1, #changed do
  local L = changed[i]
  local deep, attempts, holds = L.deep, L.attempts, L.holds
  if deep then L.rest = 2 end
  local form, all, places, scope = '<BddBHHs' .. rep('sB', #attempts / 2) .. rep('d', #holds / 2), {}, {}, nil
  for j = 1, #attempts do all[j] = attempts[j] end
  for j = 1, #holds, 2 do
    local hash, field = placeOf(holds[j])
    if hash.scope ~= scope then
      scope = hash.scope
      places[#places + 1] = scope
    end
    places[#places + 1] = field
    all[#all + 1] = holds[j + 1]
  end
  local value = spack(form, L.state, L.leaseMs, L.expires, L.rest, #attempts / 2, #holds / 2, (L.rest == 1 or L.rest == 3) and L.shape or concat(places, '\\n'), unpack(all))
  local left = format('%.0f', max(1000, L.expires - now))
  if L.state == 1 and not deep then
    call('SET', L.name, value, 'PX', left)
  else
    if deep then
      call('DEL', L.name)
      call('RPUSH', L.name, value, pack({ deep.answer or false, deep.declared or '', deep.caps, deep.attempts, deep.extensions }))
    else
      call('LSET', L.name, 0, value)
    end
    if L.state ~= 0 then call('PEXPIRE', L.name, left) end
  end
end
if #stray > 0 then
  call('HSET', base .. 'stray', unpack(stray))
  call('PEXPIRE', base .. 'stray', ${strayMs})
end
if #born > 0 then call('ZADD', base .. 'leases', unpack(born)) end
for i = 1, #events do call('XADD', base .. 'outbox', '*', unpack(events[i])) end
if #gone > 0 then call('ZREM', base .. 'leases', unpack(gone)) end
return { 'done', now, out }
`;

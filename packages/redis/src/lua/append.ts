import { marking } from './marking.js';

/**
 * Appends usage events of what was admitted in memory, many in one step. Each operation: its id, by which a repetition is known, and
 * which of ARGV its events are.
 */
export const append = `
local out = {}
for i = 1, count do
  local id, first, size, rememberMs = sunpack('<sHHs', ARGV[i + 1])
  if call('SET', base .. 'a:' .. id, '', 'PX', rememberMs, 'NX') then
    for at = first, first + size - 1 do call('XADD', base .. 'outbox', '*', 'e', ARGV[at]) end
  end
  out[i] = 1
end
${marking}
return { 'done', now, out }
`;

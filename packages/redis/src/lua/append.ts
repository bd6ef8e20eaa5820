import { marking } from './marking.js';

/**
 * Appends usage events of requests that were admitted in memory, many in one step. Each operation: its id, which identifies a repetition,
 * and the positions of its events in ARGV.
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

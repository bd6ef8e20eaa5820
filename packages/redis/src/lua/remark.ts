import { marking } from './marking.js';

/**
 * The end of the plain case: stores the tenth of a second and the earliest expiry of a lease, and ends the script where all is done. A
 * single result is returned unwrapped.
 */
export const remark = `
if from > 1 then
  ${marking}
end
if from > count then
  if count == 1 then return out[1] end
  return { 'done', now, out }
end
`;

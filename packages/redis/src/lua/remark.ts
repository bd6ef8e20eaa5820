import { marking } from './marking.js';

/**
 * What ends the plain case: the tenth of a second and the first end of a lease are remembered, and where all is done, the script is. A single
 * answer is told as it is.
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

/**
 * What ends the plain case: the minute and the first end of a lease are remembered, and where all is done, the script is. A single
 * answer is told as it is.
 */
export const remark = `
if from > 1 then
  local minute = now - now % 60000
  if minute > mark or marks then
    call('SET', partition, spack('<dd', max(minute, mark), firstEnd))
    mark, marks = max(minute, mark), false
  end
end
if from > count then
  if count == 1 then return out[1] end
  return { 'done', now, out }
end
`;

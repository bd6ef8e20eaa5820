/** What ends the plain case: the minute and the first end of a lease are remembered, and where all is done, the script is. */
export const remark = `
if from > 1 then
  local minute = now - now % 60000
  if minute > mark or marks then
    call('SET', partition, spack('<dd', max(minute, mark), firstEnd))
    mark, marks = max(minute, mark), false
  end
end
if from > count then return { 'done', now, out } end
`;

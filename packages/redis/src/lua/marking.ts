/** When a script ran is written down, in tenths of a second: whoever was answered knows that the partition has come so far. */
export const marking = `
local tenth = now - now % 100
if tenth > mark or marks then
  call('SET', partition, spack('<ddddd', max(tenth, mark), firstEnd, generation, emptied, here))
  mark, marks = max(tenth, mark), false
end
`;

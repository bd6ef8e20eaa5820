/**
 * The time of each script run is recorded, in tenths of a second: a process that received a result can tell from it how far the partition
 * had come.
 */
export const marking = `
local tenth = now - now % 100
if tenth > mark or marks then
  call('SET', partition, spack('<ddddd', max(tenth, mark), firstEnd, generation, emptied, here))
  mark, marks = max(tenth, mark), false
end
`;

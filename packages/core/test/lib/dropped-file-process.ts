import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AppendFile } from '@tollgate/core/internal';

/** Appends to the file of its argument, forgets to close it, and collects garbage. */
const [, , path = ''] = process.argv;
await new AppendFile(path, false).append('a line\n');
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
for (let round = 0; round < 3; round += 1) {
  collect();
  await new Promise((resolve) => setImmediate(resolve));
}
console.log('still here');

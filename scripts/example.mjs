/** `npm run example NAME`: sets up, then runs that example in the foreground; `-- --copy FOLDER` copies it out instead; without a name, lists them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyExample } from './copy-example.mjs';
import { installApart } from './install-apart.mjs';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const [name = '', ...args] = process.argv.slice(2);
const folder = join(root, 'examples', name);
if (!/^[\w-]+$/.test(name) || !existsSync(join(folder, 'package.json'))) {
  console.error(name === '' ? 'Which example?' : `There is no example ${JSON.stringify(name)}.`);
  for (const one of readdirSync(join(root, 'examples'))) {
    const { description } = JSON.parse(readFileSync(join(root, 'examples', one, 'package.json'), 'utf8'));
    console.error(`  npm run example ${one.padEnd(16)} ${description}`);
  }
  process.exitCode = 2;
} else if (args[0] === '--copy') {
  if (!args[1]) throw new Error('Which folder? npm run example NAME -- --copy FOLDER');
  const copied = copyExample(name, args[1]);
  console.log(`${copied}\nNext: cd there, npm install, npm start`);
} else if (name === 'next-chat') {
  await setUp();
  const installed = await installApart(folder);
  process.exitCode = await foreground(process.execPath, ['server.js', ...args], { cwd: installed });
} else {
  await setUp();
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const [, ...program] = scripts.start.split(' ');
  process.exitCode = await foreground(process.execPath, [...program, ...args], { cwd: folder });
}

/**
 * Run before each test file: takes off the channels whatever files before it, in the same process, have left listening there. Channels belong
 * to the process, not to Jest's context of a file: an app that was not closed would go on hearing, and slowing down, every test after it.
 */
import { channel } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';

const names = new Set(
  readFileSync(new URL('../packages/core/src/lib/channel.ts', import.meta.url), 'utf8').match(
    /tollgate:[a-z-]+/g,
  ),
);
for (const name of names) {
  const found = channel(name);
  for (const listener of [...(found._subscribers ?? [])]) found.unsubscribe(listener);
}

/**
 * Run before each test file: unsubscribes the listeners that earlier files in the same process have left on diagnostics channels. Channels
 * belong to the process, not to Jest's context of a file: an app that was not closed would continue to receive, and slow down, every test
 * after it.
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

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { copyEmptyDatabase, usageEvent } from '@tollgate/testkit/databases';
import { memoryKeys, tollgate } from '../src/index.js';

const dayMs = 86_400_000;
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe('tollgate({ watch, database }) without Redis', () => {
  it('knows a key after a deployment: what it usually spends is no incident', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tollgate-learned-'));
    folders.push(directory);
    let nowMs = Date.now() - 10 * dayMs;
    const start = async () => {
      const suspended: string[] = [];
      const tg = tollgate({
        plans: { free: {} },
        keys: memoryKeys(),
        database: { directory },
        watch: {
          now: () => nowMs,
          onMitigation: ({ action, target }) => void (action.do === 'suspend' && suspended.push(target.name)),
        },
      });
      await tg.ready({ timeoutMs: 50_000 });
      const spendAlot = async (): Promise<void> => {
        for (let request = 0; request < 40; request += 1) {
          nowMs += 5_000;
          const costNanoUsd = String(1_000_000_000);
          await tg.watch?.sink.write(
            usageEvent({ keyId: 'k1', tenant: 'acme', costNanoUsd, promptHash: `${nowMs}` }),
          );
        }
      };
      return { tg, spendAlot, suspended };
    };

    await copyEmptyDatabase(directory);
    const first = await start();
    for (let day = 0; day < 4; day += 1) {
      await first.spendAlot();
      nowMs += dayMs;
    }
    // An unknown key is stopped by its spending.
    expect(first.suspended).toContain('k1');
    await first.tg.close({ graceMs: 1_000 });

    const second = await start();
    await second.spendAlot();
    expect(second.suspended).toEqual([]);
    await second.tg.close({ graceMs: 1_000 });
  }, 120_000);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { usageEvent } from '@tollgate/testkit/databases';
import { Spool } from '../src/spool/spool.js';
import { readSpool } from '../src/spool/spool-options.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-spool-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('caughtUp() of a spool', () => {
  it('resolves once all events that came before it are delivered, at whatever moment of writing they came', async () => {
    const late: string[] = [];
    for (let moments = 0; moments < 40; moments += 1) {
      const delivered = new Set<string>();
      const spool = new Spool(readSpool(join(directory, String(moments))), async (events) => {
        for (const { eventId } of events) delivered.add(eventId);
        return { refused: [] };
      });
      const written: UsageEvent[] = [];
      const write = (): void => {
        const event = usageEvent();
        written.push(event);
        spool.write(event);
      };
      write();
      for (let moment = 0; moment < moments; moment += 1) await undefined;
      write();
      for (let moment = 0; moment < moments; moment += 1)
        await new Promise((resolve) => setImmediate(resolve));
      write();
      await spool.caughtUp();
      if (written.some(({ eventId }) => !delivered.has(eventId))) late.push(`${moments} moments`);
      await spool.close(1_000);
    }
    expect(late).toEqual([]);
  }, 90_000);
});

import { describe, expect, it } from '@jest/globals';
import { Circuit } from '../src/connection/circuit.js';
import type { Connection } from '../src/connection/connection.js';
import { Sweeper } from '../src/quota/sweeper.js';
import { ScriptCaller } from '../src/script/script-caller.js';
import { scriptsFor } from '../src/script/scripts.js';
import { Standings } from '../src/script/standings.js';

const circuit = new Circuit(
  () => performance.now(),
  () => undefined,
);

describe('a process that is asked nothing', () => {
  it.each([
    ['in one script', false],
    ['in a cluster, in one for each partition', true],
  ])(
    'notices every partition that was lost, and waits for none of them: another may wait for it in each (%s)',
    async (_how, isCluster) => {
      const connection: Connection = {
        isSplit: isCluster,
        send: async (_key, [, , keys]) =>
          Array.from({ length: Number(keys) }, () => [Buffer.from('lost'), Date.now()]),
        circuitOf: () => circuit,
      };
      const caller = new ScriptCaller({
        ...{ connection, deadlineMs: 5_000, batchSize: 1 },
        scripts: scriptsFor({ thresholds: [], record: false }, false),
        prefix: 'idle',
        standings: new Standings(-1),
        record: false,
        processClock: Date.now,
      });
      const lost = new Set<number>();
      let noticed: () => void = () => undefined;
      const all = new Promise<void>((resolve) => {
        noticed = resolve;
      });
      caller.gate = {
        isClosed: (partition) => lost.has(partition),
        // It opens when every process has noticed every loss.
        closed: (partition) => (lost.has(partition) ? all : undefined),
        lost(partition) {
          lost.add(partition);
          if (lost.size === 4) noticed();
        },
      };
      const sweeper = new Sweeper(caller, 4, 10, connection);
      sweeper.start();
      await all;
      sweeper.end();
      expect([...lost]).toEqual([0, 1, 2, 3]);
    },
  );
});

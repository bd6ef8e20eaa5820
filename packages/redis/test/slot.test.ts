import { expect, it } from '@jest/globals';
import { slotOf } from '../src/connection/slot.js';
import { useCluster } from './servers.js';

const cluster = useCluster();

it('the slot of a key is the one that Redis Cluster puts it in', async () => {
  const keys = [
    'tollgate:{p7}',
    'a',
    '',
    '{}x',
    'x{}{y}',
    '{ü}€',
    'rate:{tenant=acme}/key=k1',
    '{a}{b}',
    'x}{y',
  ];
  for (const key of keys) {
    const slot = await cluster().sendCommand(undefined, true, ['CLUSTER', 'KEYSLOT', key]);
    expect([key, slotOf(key)]).toEqual([key, Number(slot)]);
  }
});

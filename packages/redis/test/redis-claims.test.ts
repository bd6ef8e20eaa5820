import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { claimsContract } from '@tollgate/testkit/contracts';
import { redisClaims } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const server = useRedis();

claimsContract('on Redis', async () => {
  const { client } = server();
  const other = client.duplicate();
  await other.connect();
  const shared = { prefix: newPrefix(), maxClaims: 100, deadlineMs: 5_000 };
  return {
    store: redisClaims({ client, ...shared }),
    other: redisClaims({ client: other, ...shared }),
    pass: (ms) => delay(ms),
    end: async () => other.destroy(),
  };
});

describe('redisClaims()', () => {
  it('throws at start for a wrong or misspelt option', () => {
    expect(() => redisClaims({})).toThrow('exactly one of "client"');
    expect(() => redisClaims({ maxClaim: 5 } as never)).toThrow('did you mean "maxClaims"?');
  });
});

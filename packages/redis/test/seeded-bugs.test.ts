import { describe, expect, it } from '@jest/globals';
import { isSound } from '@tollgate/testkit/contracts';
import { quotaOn, useRedis } from './servers.js';

const redis = useRedis();

/** Mistakes that such scripts are known to be written with: what stands there, and what is put in its place. */
const bugs: readonly [name: string, find: string | RegExp, replace: string, ...more: [string, string][]][] = [
  ['no look at whether an id is known', "local value = pcall('LINDEX', name, 0)", 'local value = false'],
  ['no look at whether an id is known, in plain cases', 'if length ~= 4 then', 'if false then'],
  ['no tombstone for what has ended', 'if state == 0 or expires > now then', 'if state == 0 then'],
  ['no look at whether an attempt was charged', 'if state ~= 2 then', 'if true then'],
  ['a hold before the check', 't.pend = t.pend + grant', 'hold(t, grant, 0)'],
  [
    'a check of each limit by itself',
    'if #obstacles == 0 then return',
    'if #obstacles < #charges then return',
  ],
  ['a check without what is held', 'local taken = used + held', 'local taken = used'],
  ['leases that never run out', "due = call('ZRANGEBYSCORE'", "due = {} local _ = call('ZRANGEBYSCORE'"],
  ['a reaped lease that is charged nothing', 'or cost[3] + beyond', 'or 0'],
  ['a reaped lease that is charged its input only', 'or cost[3] + beyond', 'or cost[3]'],
  [
    'floors beyond what is held',
    'max(0, min(cost[2] - cost[3], surplus[cost[1]] or 0))',
    'max(0, cost[2] - cost[3])',
  ],
  ['floors on top of heartbeats', 'surplus[cost[1]] = (surplus[cost[1]] or 0) - cost[3] end', 'end'],
  ['a truth charged on top of what was reaped', 't, item[3] - before, release', 't, item[3], release'],
  ['what was reaped forgotten after two leases', /max\(\d+, 2 \* L\.leaseMs\)/g, '2 * L.leaseMs'],
  [
    'a correction made as often as it is asked for',
    'if leaseOf(op[1]) then\n    out[i] = 0',
    'if false then\n    out[i] = 0',
  ],
  ['a correction below 0', 'max(0, t.used + one[3])', 't.used + one[3]'],
  ['holds that are not given back', 't.held = max(0, t.held - release)', 't.held = t.held'],
  [
    'a counter for all windows',
    "return 'c:' .. counter .. '|' .. window[1]",
    "return 'c:' .. counter .. '|one'",
  ],
  [
    'a refill that forgets its remainder',
    /whole - units, parts(?: - units \* den)? end/g,
    'whole - units, 0 end',
  ],
  ['an event that is not written', "events[#events + 1] = { 'k', 'r'", "local _ = { 'k', 'r'"],
  ['a plain admission without a look at what is held', '      taken = used + held\n', '      taken = used\n'],
  [
    'a plain admission of more than is left',
    'limit - taken))\n        if grant <',
    'limit))\n        if grant <',
  ],
  ['a plain settlement of what was charged', 'attempt == attemptId and attemptState == 0', 'true'],
  ['a plain settlement that gives nothing back', 'max(0, holding - held)', 'holding'],
  ['a plain settlement without the amount', 'max(0, used + amount)', 'used'],
  ['a settlement that closes nothing', 'if op[3] == 1 then endLease(L) end', ''],
  [
    'a window that is reset by setting it to 0',
    "return 'c:' .. counter .. '|' .. window[1]",
    "return 'c:' .. counter .. '|one'",
    [
      'ends, size = 1000 * ends, 21',
      'ends, size = 1000 * ends, 21 if ends <= now then used, held, ends, reached = 0, 0, w and w[2] or now, 0 end',
    ],
  ],
  [
    '0 taken for none where a least is asked',
    'charge[5] >= 0 and',
    'charge[5] > 0 and',
    ['least or want', '(least ~= 0 and least) or want'],
  ],
  [
    'sums of dollars in floats',
    /max\(0, (t\.)?used \+ amount\)/g,
    'max(0, ($1used / 1e9 + amount / 1e9) * 1e9)',
  ],
];

describe('scripts with a seeded bug', () => {
  const soundWith = (patch?: (source: string) => string): Promise<boolean> =>
    isSound(() => quotaOn({ client: redis().client, partitions: 1 }, undefined, patch));

  it('are held against checks that the scripts themselves pass', async () => {
    expect(await soundWith()).toBe(true);
  });

  for (const [name, find, replace, ...more] of bugs) {
    it(`are caught: ${name}`, async () => {
      let applied = 0;
      const patch = (source: string): string => {
        let patched = source.replaceAll(find, replace);
        for (const [another, by] of more) patched = patched.replaceAll(another, by);
        if (patched !== source) applied += 1;
        return patched;
      };
      expect(await soundWith(patch)).toBe(false);
      expect(applied).toBeGreaterThan(0);
    });
  }
});

import { describe, expect, it } from '@jest/globals';
import { spend, tokens } from '../../src/plans/limit-builders.js';
import { counterOf } from '../../src/quota/counter.js';

const caller = { id: 'c1', tenant: 'acme', plan: 'free', scopes: [], labels: {}, keyId: 'k1' };

describe('counterOf', () => {
  it('keeps everything narrower than a tenant apart by tenant', () => {
    const limit = spend('$5/day');
    expect(counterOf(limit, { caller }).counter).toBe('usd/day/tenant=acme/key=k1');
    expect(counterOf(limit, { caller: { ...caller, tenant: 'other' } }).counter).toBe(
      'usd/day/tenant=other/key=k1',
    );
    expect(counterOf(limit.by('tenant'), { caller })).toMatchObject({
      counter: 'usd/day/tenant=acme',
      wide: false,
    });
  });

  it('counts a caller without a user by its own id, so that it cannot escape a limit by user', () => {
    expect(counterOf(spend('$5/day').by('user'), { caller }).counter).toBe('usd/day/tenant=acme/user=c1');
  });

  it('marks a scope wider than a tenant', () => {
    expect(counterOf(spend('$5/day').by('global'), { caller })).toMatchObject({
      counter: 'usd/day/global=',
      wide: true,
    });
    expect(counterOf(spend('$5/day').by('route'), { caller, route: '/summarize' })).toMatchObject({
      counter: 'usd/day/route=%2Fsummarize',
      wide: true,
    });
  });

  it('throws route_scope_needs_route where no route is known', () => {
    expect(() => counterOf(spend('$5/day').by('route'), { caller })).toThrow('route_scope_needs_route');
  });

  it('cannot be confused by separators in names, and bounds long ones', () => {
    const a = counterOf(tokens('5/day').by('user', 'team'), {
      caller: { ...caller, user: 'u/team=x', team: '' },
    });
    const b = counterOf(tokens('5/day').by('user', 'team'), { caller: { ...caller, user: 'u', team: 'x' } });
    expect(a.counter).not.toBe(b.counter);
    const long = counterOf(tokens('5/day').by('user'), {
      caller: { ...caller, user: '\ud800'.repeat(10_000) },
    });
    expect(long.counter.length).toBeLessThan(120);
  });

  it('takes a scope of the app', () => {
    const feature = { name: 'feature', of: () => 'search' };
    expect(counterOf(spend('$5/day').by(feature), { caller, req: {} as never }).counter).toBe(
      'usd/day/feature=search',
    );
  });

  it('keeps tenants apart whose names are no text', () => {
    const names = ['\ud800', '\udfff', '\ufffd', '\ud800\ud800', 'a\ud800'];
    const counters = names.map(
      (tenant) => counterOf(spend('$5/day'), { caller: { ...caller, tenant } }).counter,
    );
    expect(new Set(counters).size).toBe(names.length);
  });
});

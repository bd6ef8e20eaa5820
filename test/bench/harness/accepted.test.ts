import { describe, expect, it } from '@jest/globals';
import { relative, slower } from './accepted.js';

const run = (chainMicros: number) =>
  relative([
    { name: 'bare', perSecond: 20_000, leastCpuMicros: 40 },
    { name: 'chain', perSecond: 8_000, leastCpuMicros: chainMicros },
    { name: 'new', perSecond: 5_000, leastCpuMicros: 200 },
  ]);

describe('accepted results of benchmarks', () => {
  it('are relative to the first contender', () => {
    expect(run(100)[1]).toEqual({ name: 'chain', ratio: 0.4, cpuRatio: 2.5 });
  });

  it('name each contender that takes more than a tenth more CPU, and no other', () => {
    const accepted = { node: 'v24.0.0', at: '2026-11-23', rows: run(100).slice(0, 2) };
    expect(slower(accepted, run(109))).toEqual([]);
    expect(slower(accepted, run(112))).toEqual(['chain: 2.80 × the CPU of the first, 2.50 × on 2026-11-23']);
  });
});

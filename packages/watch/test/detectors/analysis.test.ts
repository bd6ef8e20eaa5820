import { describe, expect, it } from '@jest/globals';
import { analysisOf, attempt, dayMs, minuteMs, usualDays } from './events.js';

describe('what is found in usage events', () => {
  it('finds nothing in two weeks that are all alike', () => {
    const { analysis, findings } = analysisOf();
    usualDays(analysis, 14);
    expect(findings).toEqual([]);
  });

  it('finds spending of fifty times the usual within the first minutes, and says whose it is and what was expected', () => {
    const { analysis, findings } = analysisOf();
    const fromMs = usualDays(analysis, 14);
    for (let request = 0; request < 20; request += 1)
      analysis.usage(attempt({ usd: 0.2, promptHash: `p${request}` }), fromMs + request * 3_000);
    const finding = findings.findLast(
      ({ detector, subject }) => detector === 'spend' && subject.kind === 'tenant',
    );
    expect(finding).toMatchObject({ subject: { kind: 'tenant', name: 'acme', tenant: 'acme' } });
    expect(finding?.score).toBeGreaterThan(8);
    expect(finding?.features[0]?.feature).toBe('usdIn5Minutes');
    expect(finding?.features[0]?.expected).toBeCloseTo(0.02, 2);
    expect(finding?.features[0]?.seen).toBeGreaterThan(3.9);
    const byKey = finding?.contributors.find(({ kind }) => kind === 'key');
    expect(byKey).toMatchObject({ name: 'k1' });
    expect(byKey?.share).toBeGreaterThan(0.95);
  });

  it('does not mind a cent becoming five', () => {
    const { analysis, findings } = analysisOf();
    const fromMs = usualDays(analysis, 14, { costNanoUsd: '1000' });
    for (let request = 0; request < 20; request += 1)
      analysis.usage(attempt({ usd: 0.001, promptHash: `p${request}` }), fromMs + request * 9_000);
    expect(findings.filter(({ detector }) => detector === 'spend')).toEqual([]);
  });

  it('does not accuse a newcomer strongly, whatever it spends', () => {
    const { analysis, findings } = analysisOf();
    for (let request = 0; request < 50; request += 1)
      analysis.usage(attempt({ usd: 20, promptHash: `p${request}` }), request * 7_000 * ((request % 3) + 1));
    const scores = findings.filter(({ detector }) => detector === 'spend').map(({ score }) => score);
    expect(Math.max(...scores)).toBe(7);
  });

  it('finds a loop of three prompts in turns, and not the same number of different ones', () => {
    for (const [prompts, isFound] of [
      [3, true],
      [1_000, false],
    ] as const) {
      const { analysis, findings } = analysisOf();
      const fromMs = usualDays(analysis, 3);
      for (let request = 0; request < 60; request += 1)
        analysis.usage(
          attempt({ usd: 0.001, promptHash: `loop-${request % prompts}` }),
          fromMs + request * 1_000,
        );
      const loops = findings.filter(({ detector }) => detector === 'agent-loop');
      expect(loops.length > 0).toBe(isFound);
      if (isFound) expect(loops[0]?.features[1]).toMatchObject({ feature: 'repetition' });
      expect(findings.some(({ detector }) => detector === 'scraping')).toBe(!isFound);
    }
  });

  it('finds a prompt that grows, by the cost of each request', () => {
    const { analysis, findings } = analysisOf();
    const fromMs = usualDays(analysis, 7);
    for (let request = 0; request < 200; request += 1)
      analysis.usage(
        attempt({
          usd: 0.02 * 1.02 ** request,
          inputTokens: 1_000 * 1.02 ** request,
          promptHash: `p${request}`,
        }),
        fromMs + request * 7 * minuteMs,
      );
    const [first] = findings.filter(({ detector }) => detector === 'cost');
    expect(first?.features[0]).toMatchObject({ feature: 'usdPerRequest' });
    expect(first?.features[0]?.seen).toBeLessThan(0.02 * 4);
  });

  it('finds a new price of a model within thirty requests of it', () => {
    const { analysis, findings } = analysisOf();
    const fromMs = usualDays(analysis, 3);
    for (let request = 0; request < 30; request += 1)
      analysis.usage(attempt({ usd: 0.04, promptHash: `p${request}` }), fromMs + request * 7 * minuteMs);
    const cost = findings.find(({ detector, subject }) => detector === 'cost' && subject.kind === 'model');
    expect(cost?.subject.name).toBe('gpt-5');
    expect(cost?.features[0]).toMatchObject({ feature: 'usdPerToken' });
  });

  it('forecasts when a budget is gone', () => {
    const budget = { cap: 100, used: 40, startMs: 0, endMs: 30 * dayMs };
    const { analysis, findings } = analysisOf({ budgetOf: () => budget });
    for (let request = 0; request < 120; request += 1)
      analysis.usage(attempt({ usd: 0.1, promptHash: `p${request}` }), dayMs + request * 30_000);
    const burn = findings.findLast(({ detector }) => detector === 'burn-rate');
    // 12 dollars an hour: the 60 that are left last five hours
    expect((burn?.reachedAtMs ?? 0) - (dayMs + 119 * 30_000)).toBeGreaterThan(4 * 60 * minuteMs);
    expect((burn?.reachedAtMs ?? 0) - (dayMs + 119 * 30_000)).toBeLessThan(6 * 60 * minuteMs);
  });
});

describe('what is found in refusals and credentials', () => {
  const refusals = (code: string, count: number) => {
    const { analysis, findings } = analysisOf();
    for (let one = 0; one < count; one += 1)
      analysis.refused({ code, tenant: 'acme', keyId: 'k1' }, one * 5_000);
    return findings;
  };

  it('finds somebody who looks for the edges of limits, and not a client that was refused a few times', () => {
    expect(refusals('quota_exceeded', 19)).toEqual([]);
    expect(refusals('quota_exceeded', 40).at(-1)).toMatchObject({ detector: 'quota-probing', score: 8 });
  });

  it('finds somebody whose prompts are rejected again and again', () => {
    expect(refusals('prompt_rejected', 6).at(-1)).toMatchObject({ detector: 'prompt-probing', score: 6 });
  });

  const wrong = (network: string, digest: string) => ({
    ...{ network, digest, isWrong: true, tenant: undefined, keyId: undefined },
  });

  it('finds many credentials tried from one network, within minutes or low and slow', () => {
    for (const gapMs of [1_000, 60 * minuteMs]) {
      const { analysis, findings } = analysisOf();
      for (let one = 0; one < 14; one += 1) analysis.presented(wrong('192.0.2.1', `c${one}`), one * gapMs);
      expect(findings.at(-1)).toMatchObject({
        detector: 'credential-stuffing',
        subject: { kind: 'network', name: '192.0.2.1' },
      });
      expect(findings.at(-1)?.score).toBeGreaterThanOrEqual(8);
    }
  });

  it('finds nothing in one wrong credential that is sent a thousand times, or in an office whose keys mostly work', () => {
    const { analysis, findings } = analysisOf();
    for (let one = 0; one < 1_000; one += 1) analysis.presented(wrong('192.0.2.1', 'same'), one * 1_000);
    const good = { network: '192.0.2.2', digest: undefined, isWrong: false, tenant: 'acme', keyId: 'k1' };
    for (let one = 0; one < 30; one += 1) {
      analysis.presented(good, one * 1_000);
      analysis.presented(good, one * 1_000);
      analysis.presented(wrong('192.0.2.2', `c${one}`), one * 1_000);
    }
    expect(findings).toEqual([]);
  });

  it('finds a key that comes from twenty networks within minutes', () => {
    const { analysis, findings } = analysisOf();
    for (let one = 0; one < 20; one += 1)
      analysis.presented(
        { network: `198.51.100.${one}`, digest: undefined, isWrong: false, tenant: 'acme', keyId: 'k1' },
        one * 1_000,
      );
    expect(findings.at(-1)).toMatchObject({ detector: 'key-sharing', score: 8, subject: { name: 'k1' } });
  });
});

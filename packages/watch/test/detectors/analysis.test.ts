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

  const from = (network: string, agent = 'openai-node', keyId = 'k1') => ({
    ...{ network, digest: undefined, isWrong: false, tenant: 'acme', keyId, agent },
  });

  /** A week in which a key is used from these networks, once an hour. */
  function usedFor(networks: readonly string[]) {
    const { analysis, findings } = analysisOf();
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      analysis.presented(from(networks[hour % networks.length] as string), hour * 60 * minuteMs);
      analysis.usage(attempt({ promptHash: `${hour}` }), hour * 60 * minuteMs);
    }
    findings.length = 0;
    return { analysis, findings, endMs: 7 * dayMs };
  }

  it('finds a key that comes from twenty networks within minutes, but not a program that has many networks', () => {
    const many = Array.from({ length: 20 }, (_, one) => `198.51.100.${one}`);
    for (const [networks, isFound] of [
      [['192.0.2.1'], true],
      [many, false],
    ] as const) {
      const { analysis, findings, endMs } = usedFor(networks);
      for (const [index, network] of many.entries()) analysis.presented(from(network), endMs + index * 1_000);
      expect(findings.some(({ detector, score }) => detector === 'key-sharing' && score >= 6)).toBe(isFound);
    }
  });

  it('finds a key that another program uses from another network, and not a program that has moved', () => {
    for (const [agent, goesOn, isFound] of [
      ['python-requests', true, true],
      ['openai-node', true, false],
      ['openai-node', false, false],
    ] as const) {
      const { analysis, findings, endMs } = usedFor(['192.0.2.1', '192.0.2.2']);
      for (let minute = 0; minute < 24 * 60; minute += 10) {
        if (goesOn) analysis.presented(from('192.0.2.1'), endMs + minute * minuteMs);
        analysis.presented(from('203.0.113.9', agent), endMs + (minute + 5) * minuteMs);
      }
      expect(findings.some(({ detector, score }) => detector === 'new-network' && score >= 6)).toBe(isFound);
    }
  });

  it('finds guesses from everywhere, and then networks that fail three times; one with good keys, and a person who mistypes, are left alone', () => {
    const { analysis, findings } = analysisOf();
    for (let minute = 0; minute < 120; minute += 10) analysis.presented(from('192.0.2.7'), minute * minuteMs);
    for (let one = 0; one < 400; one += 1)
      analysis.presented(wrong(`203.0.113.${one % 100}`, `guess${one}`), 120 * minuteMs + one * 8_000);
    analysis.presented(wrong('192.0.2.9', 'mistyped once'), 155 * minuteMs);
    analysis.presented(wrong('192.0.2.7', 'mistyped'), 155 * minuteMs);
    const blocked = findings.filter(({ subject, score }) => subject.kind === 'network' && score >= 8);
    expect(findings.some(({ subject }) => subject.kind === 'global')).toBe(true);
    expect(blocked.length).toBeGreaterThan(50);
    expect(blocked.some(({ subject }) => subject.name.startsWith('192.0.2.'))).toBe(false);
  });

  it('does not count the same forgotten keys of a shared network again every day', () => {
    const { analysis, findings } = analysisOf();
    for (let day = 0; day < 6; day += 1) {
      for (let one = 0; one < 12; one += 1)
        analysis.presented(wrong('192.0.2.8', `forgotten${one}`), day * dayMs + one * 2 * minuteMs);
      if (day > 0) expect(findings.filter(({ score }) => score >= 8)).toEqual([]);
      findings.length = 0;
    }
  });
});

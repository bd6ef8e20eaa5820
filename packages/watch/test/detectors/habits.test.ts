import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { analysisOf, attempt, dayMs, minuteMs } from './events.js';

describe('habits', () => {
  it.each([
    ['dear calls', 2.25, 2_600, 10],
    ['usual calls', 0.4, 2_000, 25],
    ['usual calls, slowly', 0.3, 20_000, 45],
  ])('stops a newcomer by what it spends: %s', (_what, usd, gapMs, atMost) => {
    const { analysis, findings } = analysisOf();
    let spent = 0;
    for (let request = 0; !findings.some(({ score }) => score >= 8); request += 1) {
      spent += usd;
      expect(spent).toBeLessThan(atMost);
      analysis.usage(attempt({ usd, promptHash: `p${request}` }), request * gapMs);
    }
    expect(findings.at(-1)).toMatchObject({ detector: 'spend' });
    expect(findings.at(-1)?.usdPerHour).toBeGreaterThan(5);
  });

  it('lets a new key spend what its tenant usually spends', () => {
    const { analysis, findings } = analysisOf();
    for (let day = 0; day < 5; day += 1)
      for (let request = 0; request < 30; request += 1)
        analysis.usage(attempt({ usd: 1, promptHash: `${day} ${request}` }), day * dayMs + request * 10_000);
    findings.length = 0;
    for (let request = 0; request < 30; request += 1)
      analysis.usage(
        attempt({ usd: 1, keyId: 'new', promptHash: `n${request}` }),
        5 * dayMs + request * 10_000,
      );
    expect(findings.filter(({ score }) => score >= 6)).toEqual([]);
  });

  it('knows a nightly job with jitter from its fourth night on, and before that never suspends it', () => {
    const random = seededRandom(7);
    const suspended: number[] = [];
    const limited: number[] = [];
    for (let job = 0; job < 20; job += 1) {
      const { analysis, findings } = analysisOf();
      for (let night = 0; night < 36; night += 1) {
        let atMs = night * dayMs + 2 * 60 * minuteMs + random() * 40 * minuteMs;
        for (let request = 0; request < 120; request += 1) {
          atMs += 3_000 * (0.6 + random());
          analysis.usage(attempt({ usd: 0.004 * (0.5 + random()), promptHash: `${night} ${request}` }), atMs);
        }
        for (const { score, usdPerHour = 0 } of findings) {
          if (score >= 8 && usdPerHour >= 5) suspended.push(night);
          if (score >= 6) limited.push(night);
        }
        findings.length = 0;
      }
    }
    expect(suspended).toEqual([]);
    expect(limited.filter((night) => night > 2)).toEqual([]);
  });

  it.each([10, 12])(
    'slows a steady customer down within the hour when it spends %s times as much',
    (times) => {
      const { analysis, findings } = analysisOf();
      const random = seededRandom(times);
      const day = (number: number, rate: number, price: number): void => {
        const startMs = number * dayMs + 9 * 60 * minuteMs;
        for (
          let atMs = startMs;
          atMs < startMs + 8 * 60 * minuteMs;
          atMs += (6 * minuteMs * (0.4 + 1.2 * random())) / rate
        )
          analysis.usage(
            attempt({ usd: 0.2 * price * (0.5 + random()), promptHash: `${atMs}` }),
            Math.floor(atMs),
          );
      };
      for (let number = 0; number < 10; number += 1) day(number, 1, 1);
      findings.length = 0;
      day(10, Math.sqrt(times), Math.sqrt(times));
      const first = findings.find(({ detector, score }) => detector === 'spend' && score >= 7);
      expect((first?.atMs ?? Infinity) - 10 * dayMs - 9 * 60 * minuteMs).toBeLessThan(60 * minuteMs);
    },
  );

  it('finds spending that is twice the usual for days, and not one busy day', () => {
    for (const [busyDays, isFound] of [
      [6, true],
      [1, false],
    ] as const) {
      const { analysis, findings } = analysisOf();
      for (let number = 0; number < 24; number += 1) {
        const isBusy = number >= 14 && number < 14 + busyDays;
        for (let request = 0; request < (isBusy ? 120 : 55); request += 1)
          analysis.usage(
            attempt({ usd: 0.1, promptHash: `${number} ${request}` }),
            number * dayMs + request * 10 * minuteMs,
          );
      }
      const rises = findings.filter(({ detector, score }) => detector === 'slow-rise' && score >= 6);
      expect(rises.length > 0).toBe(isFound);
    }
  });

  it.each([
    ['that cost little', 0.002, false],
    ['that cost $5 more a day', 0.05, true],
    ['of a model that is declared free', 0, true],
  ])('limits a slow rise of calls %s: %s', (_what, usd, isLimited) => {
    const { analysis, findings } = analysisOf();
    const random = seededRandom(3);
    for (let day = 0; day < 16; day += 1) {
      const requests = day < 12 ? 100 : 220;
      for (let request = 0; request < requests; request += 1)
        analysis.usage(
          attempt({ usd: usd * (0.8 + 0.4 * random()), promptHash: `${day} ${request}` }),
          day * dayMs + Math.floor((request / requests) * dayMs),
        );
    }
    const rises = findings.filter(({ detector }) => detector === 'slow-rise');
    expect(rises.length).toBeGreaterThan(0);
    expect(rises.some(({ score }) => score >= 6)).toBe(isLimited);
    expect((rises.at(-1)?.usdPerHour ?? 0) > 0).toBe(usd > 0);
  });

  it.each([false, true])(
    'learns a rise as a habit after a week, not before (restarted every day: %s)',
    (restarts) => {
      let { analysis, findings } = analysisOf();
      const key = { kind: 'key', name: 'k1', tenant: 'acme' } as const;
      const rises: number[] = [];
      const limited: number[] = [];
      for (let day = 0; day < 34; day += 1) {
        const requests = day < 12 ? 100 : 300;
        for (let request = 0; request < requests; request += 1) {
          const atMs = day * dayMs + Math.floor((request / requests) * dayMs);
          analysis.usage(attempt({ usd: 0.05, promptHash: `${day} ${request}` }), atMs);
          if (request === requests - 1 && analysis.aboveUsual(key, 1.5, atMs) !== undefined)
            limited.push(day);
        }
        if (findings.some(({ detector, score }) => detector === 'slow-rise' && score >= 6)) rises.push(day);
        findings.length = 0;
        if (!restarts) continue;
        const saved = [...analysis.learnedSince(0)].map(([, record]) =>
          JSON.parse(JSON.stringify(record.save())),
        );
        ({ analysis, findings } = analysisOf());
        for (const record of saved) analysis.restore(record);
      }
      // From the first evening on, through the week that an operator has, and until it has been usual for three days.
      expect(limited).toEqual(expect.arrayContaining([12, 13, 14, 15, 16, 17, 18, 19]));
      expect(rises).toEqual(expect.arrayContaining([14, 15, 16, 17, 18]));
      for (const days of [limited, rises]) expect(days.filter((day) => day < 12 || day > 24)).toEqual([]);
    },
  );

  it('holds a rise against the key that rises, not against its tenant too', () => {
    const { analysis, findings } = analysisOf();
    for (let day = 0; day < 16; day += 1) {
      for (const [keyId, requests] of [
        ['steady', 100],
        ['rises', day < 12 ? 100 : 300],
      ] as const)
        for (let request = 0; request < requests; request += 1)
          analysis.usage(
            attempt({ usd: 0.05, keyId, promptHash: `${day} ${keyId} ${request}` }),
            day * dayMs + Math.floor((request / requests) * dayMs) + (keyId === 'rises' ? 1 : 0),
          );
    }
    const subjects = findings
      .filter(({ detector, score }) => detector === 'slow-rise' && score >= 6)
      .map(({ subject }) => `${subject.kind} ${subject.name}`);
    expect(new Set(subjects)).toEqual(new Set(['key rises']));
  });

  it('holds a rise against the tenant where each of its keys rises by little', () => {
    const { analysis, findings } = analysisOf();
    const keys = 12;
    for (let day = 0; day < 16; day += 1) {
      const requests = (day < 12 ? 60 : 120) * keys;
      for (let request = 0; request < requests; request += 1)
        analysis.usage(
          attempt({ usd: 0.02, keyId: `k${request % keys}`, promptHash: `${day} ${request}` }),
          day * dayMs + Math.floor((request / requests) * dayMs),
        );
    }
    const limited = findings.filter(({ detector, score }) => detector === 'slow-rise' && score >= 6);
    expect(new Set(limited.map(({ subject }) => subject.kind))).toEqual(new Set(['tenant']));
  });
});

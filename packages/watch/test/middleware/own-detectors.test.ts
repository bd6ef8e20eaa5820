import { afterEach, describe, expect, it } from '@jest/globals';
import { contextOf, memorySwitch, subscribe } from '@tollgate/core';
import { usageEvent } from '@tollgate/testkit';
import express from 'express';
import request from 'supertest';
import {
  type Challenges,
  type Detector,
  type Mitigation,
  type PolicyRule,
  type ReportedFinding,
  type Watch,
  type WatchOptions,
  watch,
} from '../../src/index.js';

const running: Watch[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.end();
});

/** An app behind `watch()` that takes `x-caller: acme/k1` for its word; without it the credentials are wrong. */
function start(options: WatchOptions) {
  const mitigations: Mitigation[] = [];
  const watching = watch({ onMitigation: (one) => mitigations.push(one), ...options });
  running.push(watching);
  const app = express();
  app.use(watching.observe(), (req, res, next) => {
    const [tenant = '', id = ''] = String(req.headers['x-caller']).split('/');
    contextOf(req, res).caller = { id, keyId: id, tenant, plan: 'pro', scopes: [], labels: {} };
    next();
  });
  app.use(watching.guard());
  app.get('/', (req, res) => void res.json({ tightened: req.tollgate.caller?.tightened ?? null }));
  const ask = (caller: string, headers: Record<string, string> = {}) =>
    request(app).get('/').set('x-caller', caller).set(headers);
  const event = (keyId: string, costNanoUsd = '1') =>
    watching.sink.write(usageEvent({ tenant: 'acme', keyId, costNanoUsd }));
  return { watching, mitigations, ask, event };
}

const outcomes = (mitigations: readonly Mitigation[]): string[] =>
  mitigations.map(({ action, outcome, target, finding }) =>
    [finding.detector, action.do, outcome, target.kind, target.name].join(' ').trim(),
  );

describe('a detector of the app', () => {
  const scripted: Detector = {
    name: 'scripted-agent',
    request: ({ req, caller }, report) => {
      if (!caller?.keyId || !/^python-requests/.test(req.get('user-agent') ?? '')) return;
      const subject = { kind: 'key', name: caller.keyId, tenant: caller.tenant } as const;
      report({ subject, score: 6, features: [{ feature: 'scripted', expected: 0, seen: 1 }] });
    },
  };

  it('sees requests, and its findings climb the default ladder as those of scraping do', async () => {
    const { ask, mitigations, watching } = start({ detectors: [scripted] });
    await ask('acme/k1').expect(200);
    expect(mitigations).toEqual([]);
    await ask('acme/k2', { 'user-agent': 'python-requests/2.32' }).expect(200);
    expect(outcomes(mitigations)).toEqual(['scripted-agent slow applied key k2']);
    expect(mitigations[0]?.finding.features).toEqual([{ feature: 'scripted', expected: 0, seen: 1 }]);
    expect(
      watching.tagsOf({ id: 'k2', keyId: 'k2', tenant: 'acme', plan: '', scopes: [], labels: {} }),
    ).toEqual([]);
  });

  it('sees usage, and has the actions that the policy gives it: a suspension within the blast radius', async () => {
    const store = memorySwitch();
    const dear: Detector = {
      name: 'dear',
      usage: ({ keyId = '', tenant, costNanoUsd }, report) => {
        if (Number(costNanoUsd) > 1e9) report({ subject: { kind: 'key', name: keyId, tenant }, score: 9 });
      },
    };
    const { event, mitigations } = start({
      store,
      detectors: [dear],
      policy: [
        { detectors: ['dear'], minScore: 8, action: { do: 'suspend', forMs: 60_000, cutsRunning: false } },
      ],
    });
    event('k1');
    event('k1', '2000000000');
    for (let turn = 0; turn < 20; turn += 1) await null;
    expect(outcomes(mitigations)).toEqual(['dear suspend applied key k1']);
    expect((await store.read())?.entries).toMatchObject([{ kind: 'key', name: 'k1', by: 'watch' }]);
  });

  it('that fails, or reports nonsense, affects no request and no other detector, and is published', async () => {
    const faults: string[] = [];
    const stop = subscribe('tollgate:fault', ({ where, error }) => faults.push(`${where}: ${error}`));
    const nonsense = (reported: unknown, index: number): Detector => ({
      name: `nonsense-${index}`,
      request: (_seen, report) => report(reported as ReportedFinding),
    });
    const subject = { kind: 'key', name: 'k1' } as const;
    const broken: Detector = {
      name: 'broken',
      request: () => {
        throw new Error('a bug');
      },
    };
    const brokenLater: Detector = {
      name: 'broken-later',
      request: async () => {
        throw new Error('a later bug');
      },
    };
    const { ask, mitigations } = start({
      detectors: [
        broken,
        brokenLater,
        ...[
          { subject, score: Number.NaN },
          { subject, score: 51 },
          { subject: { kind: 'planet', name: 'x' }, score: 5 },
          { score: 5 },
          null,
        ].map(nonsense),
        scripted,
      ],
    });
    await ask('acme/k1', { 'user-agent': 'python-requests/2.32' }).expect(200);
    stop();
    expect(faults).toHaveLength(7);
    expect(faults).toContain('watch.detectors.broken-later: Error: a later bug');
    expect(faults[0]).toBe('watch.detectors.broken: Error: a bug');
    expect(outcomes(mitigations)).toEqual(['scripted-agent slow applied key k1']);
  });

  it('is refused at start where it could not work', () => {
    const usage = (): void => undefined;
    for (const [detectors, message] of [
      [[{ name: 'spend', usage }], 'there is a detector "spend" already'],
      [
        [
          { name: 'a', usage },
          { name: 'a', usage },
        ],
        'there is a detector "a" already',
      ],
      [[{ name: 'two words', usage }], '"name" must be letters, digits and "-"'],
      [[{ name: 'a' }], 'has neither "usage" nor "request"'],
      [[{ name: 'a', usage: 'x' }], '"usage" must be a function'],
      [['a'], '"detectors" must be a non-empty array'],
      [{}, '"detectors" must be a non-empty array'],
    ] as const) {
      expect(() => watch({ detectors: detectors as never })).toThrow(message);
    }
    const policy: PolicyRule[] = [{ detectors: ['mine'], minScore: 4, action: { do: 'observe' } }];
    expect(() => watch({ policy })).toThrow('"detectors" must be');
    running.push(watch({ policy, detectors: [{ name: 'mine', usage }] }));
  });
});

describe('a rotation without an overlap', () => {
  it('refuses the old secret at once', async () => {
    const rotated: string[] = [];
    const leaked: Detector = {
      name: 'leaked',
      usage: ({ keyId = '', tenant }, report) =>
        report({ subject: { kind: 'key', name: keyId, tenant }, score: 9 }),
    };
    const rotate = (keyId: string, { overlapMs }: { overlapMs: number }) => {
      rotated.push(`${keyId} ${overlapMs}`);
      return { keyId, key: 'tg_live_new' };
    };
    const { event, mitigations } = start({
      detectors: [leaked],
      policy: [{ detectors: ['leaked'], minScore: 8, action: { do: 'rotate', overlapMs: 0 } }],
      rotation: { keys: { rotate }, deliver: () => undefined },
    });
    event('k1');
    while (mitigations.length === 0) await new Promise(setImmediate);
    expect(outcomes(mitigations)).toEqual(['leaked rotate applied key k1']);
    expect(rotated).toEqual(['k1 0']);
    expect(() =>
      watch({
        policy: [{ detectors: ['spend'], minScore: 8, action: { do: 'rotate', overlapMs: -1 } }],
        rotation: { keys: { rotate }, deliver: () => undefined },
      }),
    ).toThrow('"overlapMs" must be');
  });
});

describe('limits of all callers', () => {
  const everybody: Detector = {
    name: 'bill',
    usage: (_event, report) => report({ subject: { kind: 'global', name: '' }, score: 5 }),
  };
  const observe: PolicyRule = { detectors: ['bill'], minScore: 0, action: { do: 'observe' } };
  const tighten: PolicyRule = {
    detectors: ['bill'],
    minScore: 4,
    action: { do: 'tighten', factor: 0.25, forMs: 60_000 },
  };

  it('are reduced by a rule for the subject global, and restored when it ends', async () => {
    let nowMs = 1_700_000_000_000;
    const { ask, event, mitigations } = start({
      ...{ detectors: [everybody], now: () => nowMs },
      policy: [observe, { ...tighten, subjects: ['global'] }],
    });
    const factors = async () => [
      (await ask('acme/k1')).body.tightened?.factor,
      (await ask('other/k9')).body.tightened?.factor,
    ];
    expect(await factors()).toEqual([undefined, undefined]);
    event('k1');
    expect(await factors()).toEqual([0.25, 0.25]);
    expect(outcomes(mitigations)).toEqual(['bill tighten applied global']);
    nowMs += 60_000;
    expect(await factors()).toEqual([undefined, undefined]);
  });

  it('stay where no rule names all callers, and the earlier rule that can act applies', () => {
    const { event, mitigations } = start({ detectors: [everybody], policy: [observe, tighten] });
    event('k1');
    expect(outcomes(mitigations)).toEqual(['bill observe applied global']);
  });
});

describe('undo()', () => {
  it('takes back what still holds: reduced limits, a suspension in the store', async () => {
    const store = memorySwitch();
    const both: Detector = {
      name: 'both',
      usage: ({ keyId = '', tenant }, report) =>
        report({ subject: { kind: 'key', name: keyId, tenant }, score: keyId === 'k1' ? 5 : 9 }),
    };
    const { watching, ask, event, mitigations } = start({
      ...{ store, detectors: [both], blastRadius: { share: 1, withinMs: 60_000 } },
      policy: [
        { detectors: ['both'], minScore: 4, action: { do: 'tighten', factor: 0.5, forMs: 60_000 } },
        { detectors: ['both'], minScore: 8, action: { do: 'suspend', forMs: 60_000, cutsRunning: false } },
      ],
    });
    event('k1');
    event('k2');
    for (let turn = 0; turn < 20; turn += 1) await null;
    const [reduced, suspended] = mitigations;
    expect((await ask('acme/k1')).body.tightened?.factor).toBe(0.5);
    expect(await watching.undo(reduced?.id ?? '')).toBe(true);
    expect(await watching.undo(reduced?.id ?? '')).toBe(false);
    expect((await ask('acme/k1')).body.tightened).toBeNull();
    expect((await store.read())?.entries).toHaveLength(1);
    expect(await watching.undo(suspended?.id ?? '')).toBe(true);
    expect((await store.read())?.entries).toEqual([]);
    expect(await watching.undo('nothing')).toBe(false);
    expect(outcomes(mitigations).slice(2)).toEqual([
      'both tighten undone key k1',
      'both suspend undone key k2',
    ]);
  });
});

describe('challenges of another kind', () => {
  const riddle: Challenges = {
    ask: ({ score }) => ({ message: 'What is it?', headers: { 'x-riddle': `level ${score}` } }),
    solves: (req, { caller }) => req.get('x-answer') === `a ${caller.keyId}`,
  };

  it('take the place of hashing where watch() is given them', async () => {
    const suspicious: Detector = {
      name: 'suspicious',
      usage: ({ keyId = '', tenant }, report) =>
        report({ subject: { kind: 'key', name: keyId, tenant }, score: 5 }),
    };
    const { ask, event } = start({
      ...{ detectors: [suspicious], challenges: riddle },
      policy: [{ detectors: ['suspicious'], minScore: 4, action: { do: 'challenge', forMs: 60_000 } }],
    });
    event('k1');
    const asked = await ask('acme/k1').expect(429);
    expect([asked.headers['x-riddle'], asked.body.error.message]).toEqual(['level 5', 'What is it?']);
    await ask('acme/k1', { 'x-answer': 'a k1' }).expect(200);
    await ask('acme/k2').expect(200);
  });
});

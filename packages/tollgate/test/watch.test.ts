import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PolicyRule, type RotatedKey, watch } from '@tollgate/watch';
import {
  type Mitigation,
  memoryQuota,
  memorySwitch,
  type Tollgate,
  type TollgateOptions,
  tollgate,
} from '../src/index.js';
import { plans, probe, until, watchedApp, watchedKeys } from './watched-app.js';

const rule = (action: PolicyRule['action']): readonly PolicyRule[] => [
  { detectors: ['quota-probing'], minScore: 4, action },
];
const halved = rule({ do: 'tighten', factor: 0.5, forMs: 60_000 });

describe('tollgate({ watch })', () => {
  let provider: SimulatedProvider;
  const started: Tollgate[] = [];
  beforeAll(async () => {
    provider = await simulateProvider();
  });
  afterAll(() => provider.close());
  afterEach(async () => {
    await Promise.all(started.splice(0).map((tg) => tg.close({ graceMs: 500 })));
  });
  const start = (who: ReturnType<typeof watchedKeys>, options: Partial<TollgateOptions>) => {
    const app = watchedApp(provider, who, options);
    started.push(app.tg);
    return app;
  };

  it('switches an agent off that loops, tells it once with its cause, and leaves everybody else alone', async () => {
    let nowMs = Date.UTC(2026, 0, 5, 12);
    const now = () => nowMs;
    const who = watchedKeys(now);
    const options = { rateLimit: { now }, authenticate: { now }, watch: { now, minUsd: 0 } };
    const { ask, tg, notices } = start(who, options);
    let answered = 0;
    await until(async () => {
      // Whatever the machine's speed: an agent that asks fifty times a second.
      nowMs += 20;
      const { status, body } = await ask(who.acme.key, `step ${answered % 2}`);
      if (status === 200) answered += 1;
      else expect([status, body.error.code]).toEqual([403, 'switched_off']);
      return status === 403;
    });
    expect(answered).toBeLessThan(60);
    await ask(who.other.key, 'hello').expect(200);
    await ask(who.globex.key, 'hello').expect(200);
    await until(() => notices.length > 0);
    await tg.close();
    expect(notices.map(({ event, incident }) => `${event} ${incident.key}`)).toEqual([
      `opened watch/key/${who.acme.keyId}`,
    ]);
    const [{ incident }] = notices as [(typeof notices)[0]];
    expect(incident.severity).toBe('error');
    expect(incident.title).toMatch(/^Suspended: key \w+; agent-loop of key \w+, score \d+/);
    expect(incident.facts).toMatchObject({ action: 'suspend', outcome: 'applied', tenant: 'acme' });
  });

  it('halves what a caller may do, in requests and in tokens, until the time is over', async () => {
    let nowMs = Date.UTC(2026, 0, 5, 12);
    const now = () => nowMs;
    const who = watchedKeys(now);
    const options = { rateLimit: { now }, authenticate: { now }, watch: { policy: halved, now } };
    const { ask, usage } = start(who, options);
    const passed = async (): Promise<number> => {
      let count = 0;
      while ((await ask(who.pro.key, `question ${count}`)).status === 200) count += 1;
      return count;
    };
    const tokensCap = async (): Promise<number> =>
      (await usage(who.pro.key)).body.limits.find(({ unit }: { unit: string }) => unit === 'tokens').cap;
    expect([await tokensCap(), await passed()]).toEqual([200_000, 10]);
    nowMs += 60_000;
    probe('initech', who.pro.keyId, 200);
    expect([await tokensCap(), await passed()]).toEqual([100_000, 5]);
    nowMs += 60_000;
    expect([await tokensCap(), await passed()]).toEqual([200_000, 10]);
  });

  it('also tightens what runs without a request', async () => {
    const who = watchedKeys();
    const { tg } = start(who, { watch: { policy: rule({ do: 'tighten', factor: 0.001, forMs: 60_000 }) } });
    const caller = { id: 'job', keyId: 'job', tenant: 'initech', plan: 'pro', scopes: [], labels: {} };
    const said = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hello' }] };
    const ask = () =>
      tg.runWith(caller, async () => {
        const response = await tg.fetch(`${provider.openAiUrl}/chat/completions`, {
          method: 'POST',
          headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
          body: JSON.stringify({ ...said, max_completion_tokens: 4_000 }),
        });
        return { status: response.status, body: JSON.parse(await response.text()) };
      });
    expect((await ask()).status).toBe(200);
    probe('initech', 'job');
    const { status, body } = await ask();
    expect([status, body.error.code]).toEqual([400, 'request_exceeds_limit']);
  });

  it('rotates a key: its owner is given the new one, both are good meanwhile, then only the new one', async () => {
    let nowMs = Date.UTC(2026, 0, 5, 12);
    const now = () => nowMs;
    const who = watchedKeys(now);
    const handed: RotatedKey[] = [];
    const rotation = { keys: who.keys, deliver: (one: RotatedKey) => void handed.push(one) };
    const { ask, notices } = start(who, {
      authenticate: { now },
      watch: { policy: rule({ do: 'rotate', overlapMs: 3_600_000 }), rotation, now },
    });
    await ask(who.acme.key, 'hello').expect(200);
    probe('acme', who.acme.keyId);
    probe('acme', who.acme.keyId);
    await until(() => handed.length === 1 && notices.length === 1);
    const fresh = handed[0]?.key ?? '';
    expect(JSON.stringify(notices)).not.toContain(fresh);
    await ask(who.acme.key, 'hello').expect(200);
    await ask(fresh, 'hello').expect(200);
    nowMs += 3_600_000;
    const late = await ask(who.acme.key, 'hello').expect(401);
    expect(late.text).not.toContain(fresh);
    await ask(fresh, 'hello').expect(200);
  });

  it('slows down a loop of a newcomer that costs next to nothing, and recognises it without a secret for prompt hashes', async () => {
    let nowMs = Date.UTC(2026, 0, 5, 12);
    const now = () => nowMs;
    const who = watchedKeys(now);
    const done: string[] = [];
    const { ask } = start(who, {
      rateLimit: { now },
      authenticate: { now },
      watch: { now, onMitigation: ({ action, finding }) => done.push(`${action.do} ${finding.detector}`) },
      meter: {},
    });
    for (let step = 0; step < 60 && !done.includes('slow agent-loop'); step += 1) {
      // People do not ask as regularly as this; programs do not ask as irregularly.
      nowMs += step % 3 === 0 ? 5 : 60;
      await ask(who.acme.key, `step ${step % 2}`).expect(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(done).toContain('slow agent-loop');
    // There is nothing usual yet that it could be limited to.
    expect(done).not.toContain('limit agent-loop');
    expect(done.some((one) => one.startsWith('suspend'))).toBe(false);
  });

  it('stops at the blast radius: what would hit a third tenant waits for a person, and is told as critical', async () => {
    const who = watchedKeys();
    const measures: Mitigation[] = [];
    const { ask, tg, notices } = start(who, {
      watch: {
        policy: rule({ do: 'suspend', forMs: 60_000, cutsRunning: true }),
        blastRadius: { share: 0.67, withinMs: 600_000 },
        onMitigation: (measure) => measures.push(measure),
      },
    });
    const three = [who.acme, who.globex, who.pro];
    for (const { key } of three) await ask(key, 'hello').expect(200);
    for (const [index, tenant] of ['acme', 'globex', 'initech'].entries()) {
      probe(tenant, three[index]?.keyId ?? '');
    }
    await until(() => measures.length === 3);
    const statuses = async () => {
      return Promise.all(three.map(async ({ key }) => (await ask(key, 'hello')).status));
    };
    await until(async () => (await statuses()).join() === '403,403,200');
    await until(() => notices.length === 3);
    expect(notices.map(({ incident }) => incident.severity).sort()).toEqual(['critical', 'error', 'error']);
    const waiting = notices.find(({ incident }) => incident.severity === 'critical');
    expect(await tg.watch?.confirm(String(waiting?.incident.facts.confirm))).toBe(true);
    await until(async () => (await statuses()).every((status) => status === 403));
  });

  it('only says what it would do in shadow mode, its own or that of the app, and does nothing when it is off', async () => {
    for (const [options, outcomes] of [
      [{ watch: { policy: halved, mode: 'shadow' } }, ['shadow']],
      [{ watch: { policy: halved }, mode: 'shadow' }, ['shadow']],
      [{ watch: { policy: halved }, mode: 'off' }, []],
    ] as const) {
      const who = watchedKeys();
      const measures: Mitigation[] = [];
      const watched = {
        ...options.watch,
        onMitigation: (measure: Mitigation) => void measures.push(measure),
      };
      const { usage, tg } = start(who, { ...options, watch: watched });
      probe('initech', who.pro.keyId);
      expect(measures.map(({ outcome }) => outcome)).toEqual(outcomes);
      if (!('mode' in options)) {
        expect((await usage(who.pro.key)).body.limits[0].cap).toBe(200_000);
      }
      await tg.close();
    }
  });

  it('takes a watch() of the app’s own, which a store of its own must feed', async () => {
    const who = watchedKeys();
    const watching = watch({ store: memorySwitch() });
    const { tg } = start(who, { watch: watching });
    expect(tg.watch).toBe(watching);
    const given = { plans, keys: who.keys, store: memoryQuota({ sinks: [watching.sink] }) };
    started.push(tollgate({ ...given, watch: watching }));
    expect(() => tollgate({ ...given, watch: {} })).toThrow('with "store", make watch() yourself');
    expect(() => tollgate({ plans, keys: who.keys, watch: { dryrun: true } as never })).toThrow(
      'watch: unknown option "dryrun"',
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  type Caller,
  contextOf,
  guarded,
  memorySwitch,
  refuse,
  TollgateError,
  type UsageEvent,
} from '@tollgate/core';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import express, { type Express } from 'express';
import request from 'supertest';
import { killSwitch, type Mitigation, type WatchOptions, watch } from '../../src/index.js';
import { networkOf } from '../../src/middleware/observer.js';
import { attempt } from '../detectors/events.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

const caller: Caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };

function appOf(options: WatchOptions = {}) {
  const store = memorySwitch();
  const measures: Mitigation[] = [];
  const watching = watch({ store, onMitigation: (measure) => measures.push(measure), ...options });
  const off = killSwitch({ store, pollMs: 20 });
  const app: Express = express();
  app.use(watching.observe());
  app.use(
    guarded('stubAuth', (req, res, next) => {
      if (req.headers.authorization === 'Bearer good') {
        contextOf(req, res).caller = caller;
        return next();
      }
      const message = 'The key is wrong.';
      refuse(req, res, next, new TollgateError({ status: 401, code: 'invalid_api_key', message }));
    }),
  );
  app.use(off, watching.guard());
  app.get('/', (_req, res) => void res.json({ ok: true }));
  const end = (): void => {
    watching.end();
    off.end();
  };
  const ask = (credential: string) => request(app).get('/').set('authorization', `Bearer ${credential}`);
  return { watching, measures, off, ask, end };
}

describe('watch', () => {
  it('blocks a network that tries many credentials before another one is looked at, good ones too', async () => {
    const { ask, measures, end } = appOf();
    for (let one = 0; one < 8; one += 1) await ask(`guess-${one}`).expect(401);
    const answer = await ask('good').expect(429);
    expect(answer.body.error.code).toBe('abnormal_usage');
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(measures.at(-1)).toMatchObject({ action: { do: 'block' }, outcome: 'applied' });
    expect(JSON.stringify(measures)).not.toContain('guess-');
    end();
  });

  it('switches a looping key off for everybody who asks the same store, and says why in the audit trail', async () => {
    let nowMs = Date.now();
    const { ask, watching, measures, off, end } = appOf({ now: () => nowMs });
    await ask('good').expect(200);
    for (let one = 0; one < 60; one += 1) {
      nowMs += 200;
      watching.sink.write(attempt({ promptHash: `loop-${one % 2}` }));
    }
    await new Promise(setImmediate);
    await off.refresh();
    const answer = await ask('good').expect(403);
    expect(answer.body.error.code).toBe('switched_off');
    const suspended = measures.find(({ action }) => action.do === 'suspend');
    expect(suspended).toMatchObject({
      target: { kind: 'key', name: 'k1' },
      finding: { detector: 'agent-loop' },
    });
    end();
  });

  it('slows a caller down that looks for the edges of its limits', async () => {
    const policy = [
      { detectors: ['quota-probing'], minScore: 4, action: { do: 'slow', delayMs: 300, forMs: 60_000 } },
    ] as const;
    const { ask, end } = appOf({ policy });
    for (let one = 0; one < 25; one += 1)
      publish('tollgate:refuse', () => ({ code: 'quota_exceeded', tenant: 'acme', keyId: 'k1' }));
    const start = performance.now();
    await ask('good').expect(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
    end();
  });

  it('tells networks apart by IPv4 address and by 56 bits of IPv6', () => {
    expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(networkOf('2001:db8:1:2345:6::7')).toBe('2001:db8:1:2300::/56');
    expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/56');
    expect(networkOf(undefined)).toBe('unknown');
  });

  it('watches nothing in mode off', async () => {
    const off = watch({ mode: 'off' });
    await off.sink.write({} as UsageEvent);
    const app = express().use(off.observe(), off.guard(), (_req, res) => void res.json('passed'));
    await request(app).get('/').expect(200, '"passed"');
    expect(off.tagsOf({ id: 'k', tenant: 't', plan: 'p', scopes: [], labels: {} })).toEqual([]);
    expect(await off.confirm('a')).toBe(false);
    off.end();
  });

  it('says at start what is wrong with an option, a rule or a radius', () => {
    const wrong = (options: unknown) => () => watch(options as WatchOptions);
    expect(wrong({ dryRun: true })).toThrow('watch: unknown option "dryRun"');
    expect(wrong({ mode: 'dry' })).toThrow('watch: "mode" must be');
    expect(wrong({ blastRadius: { share: 2, withinMs: 1 } })).toThrow(
      '"share" must be a number above 0 and at most 1',
    );
    const rule = { detectors: ['spend'], minScore: 4, action: { do: 'slow', forMs: 60_000 } };
    expect(wrong({ policy: [rule] })).toThrow('watch: rule 0 of "policy": "action": "delayMs" is required');
    expect(wrong({ policy: [{ ...rule, detectors: ['spent'] }] })).toThrow('item 0 is "spent"');
  });
});

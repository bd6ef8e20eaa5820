import { describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import express from 'express';
import { memoryKeys, type Tollgate, tollgate } from '../src/index.js';

/** `true` where two types are the same; `npm run types` compares them. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Condition extends true>(): Condition | undefined => undefined;

const plans = { free: { requests: '5/min' }, pro: { spend: '$50/month' } } as const;

/** Compiled, never run: it would open a database. */
function compiled(): void {
  const kept = tollgate({ plans, database: { directory: '.tollgate' } });
  is<Same<undefined extends typeof kept.ledger ? false : true, true>>();
  is<Same<undefined extends typeof kept.registry ? false : true, true>>();
  const keyed = tollgate({ plans, keys: memoryKeys(), database: { directory: '.tollgate' } });
  is<Same<undefined extends typeof keyed.ledger ? false : true, true>>();
  is<Same<undefined extends typeof keyed.registry ? false : true, false>>();
  const anyOne: Tollgate = kept;
  // @ts-expect-error an option that does not exist
  tollgate({ plans, keys: memoryKeys(), retries: 3 });
  // @ts-expect-error a plan's field that does not exist
  tollgate({ plans: { free: { requets: '5/min' } }, keys: memoryKeys() });
  void anyOne;
}

describe('the types of tollgate()', () => {
  it('know the ledger and the registry where a database is given', () => {
    expect(compiled).toBeInstanceOf(Function);
  });

  it('know the names of the plans', async () => {
    const tg = tollgate({ plans, keys: memoryKeys(), log: false });
    is<Same<keyof typeof tg.plans, 'free' | 'pro'>>();
    expect(tg.plans.pro.limits).toHaveLength(1);
    // @ts-expect-error no such plan
    expect(tg.plans.gold).toBeUndefined();
    const defined = tollgate({ plans: definePlans(plans), keys: memoryKeys(), log: false });
    is<Same<keyof typeof defined.plans, 'free' | 'pro'>>();
    await Promise.all([tg.close(), defined.close()]);
  });

  it('keep the params of a route behind scope() and limit()', async () => {
    const tg = tollgate({ plans, keys: memoryKeys(), log: false });
    const app = express();
    app.get('/files/:id', tg.scope('read'), tg.limit({ requests: '2/min' }), (req, res) => {
      is<Same<typeof req.params, { id: string }>>();
      const id: string = req.params.id;
      res.json(id);
    });
    app.use('/all', tg.scope('read'));
    expect(app).toBeInstanceOf(Function);
    await tg.close();
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { definePlans, type UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { database, ledger } from '@tollgate/postgres';
import { declarePlans } from '@tollgate/postgres/internal';
import { createManualClock, type PostgresProcess, startPostgres, usageEvent } from '@tollgate/testkit';
import { terminal } from './terminal.js';

const clock = createManualClock(Date.UTC(2026, 9, 15, 12));
let server: PostgresProcess;
let tollgate: ReturnType<typeof terminal>['tollgate'];
let json: ReturnType<typeof terminal>['json'];

beforeAll(async () => {
  server = await startPostgres();
  ({ tollgate, json } = terminal({ DATABASE_URL: server.url }, clock.now));
  await tollgate('migrate');
}, 150_000);

afterAll(() => server.stop());

describe('tollgate usage', () => {
  const event = (facts: Partial<UsageEvent>, atMs = clock.now()): UsageEvent => {
    const time = new Date(atMs).toISOString();
    const ids = { eventId: newId(atMs), requestId: newId(atMs), callId: newId(atMs) };
    return usageEvent({ ...ids, admittedAt: time, time, tenant: 'wayne', costNanoUsd: '1', ...facts });
  };

  it('sums the ledger by what is asked for, to the nano-dollar, the dearest first', async () => {
    const books = ledger({ connectionString: server.url });
    await books.write(event({ team: 'data', costNanoUsd: '9007199254740993' }));
    await books.write(event({ team: 'data', costNanoUsd: '7', model: 'gpt-5-mini' }));
    await books.write(event({ costNanoUsd: '500000000' }));
    await books.write(event({ costNanoUsd: '1' }, Date.UTC(2026, 8, 30, 23, 59, 59, 999)));
    await books.write(event({ tenant: `O'Reilly"; --`, costNanoUsd: '1' }));
    await books.close();
    expect(await json('usage', '--tenant', 'wayne', '--by', 'team,model')).toEqual([
      expect.objectContaining({ team: 'data', model: 'gpt-5', cost_usd: '9007199.254740993', attempts: 1 }),
      expect.objectContaining({ team: null, model: 'gpt-5', cost_usd: '0.50', cost_nano_usd: '500000000' }),
      expect.objectContaining({ team: 'data', model: 'gpt-5-mini', cost_nano_usd: '7', input_tokens: 100 }),
    ]);
    expect(await json('usage', '--tenant', 'wayne', '--month', '2026-09')).toMatchObject([{ attempts: 1 }]);
    expect(await json('usage', '--tenant', 'wayne', '--from', '30d')).toMatchObject([{ attempts: 4 }]);
    expect(await json('usage', '--tenant', `O'Reilly"; --`)).toHaveLength(1);
    expect(await json('usage', '--tenant', `x' or '1'='1`)).toEqual([]);
    const days = await json(
      'usage',
      '--tenant',
      'wayne',
      '--by',
      'day',
      '--from',
      '30d',
      '--time-zone',
      'Asia/Tokyo',
    );
    expect(days.map(({ day }: { day: string }) => day)).toEqual(['2026-10-01', '2026-10-15']);
    const { out } = await tollgate('usage', '--tenant', 'wayne', '--by', 'model');
    expect(out).toMatch(/^MODEL +ATTEMPTS +INPUT +OUTPUT +COST\ngpt-5 +2 +200 +100 +\$9007199\.754740993\n/);
  });

  it('is written to a file by export, which appears when it is complete and is not replaced unasked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
    const out = join(folder, 'october.csv');
    const { code, out: said } = await tollgate(
      'export',
      '--month',
      '2026-10',
      '--tenant',
      'wayne',
      '--out',
      out,
    );
    expect([code, said]).toEqual([0, `3 events in ${out}, ${readFileSync(out).length} bytes\n`]);
    const costs = readFileSync(out, 'utf8')
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(',')[26]);
    expect(costs.sort()).toEqual(['500000000', '7', '9007199254740993', 'cost_nano_usd']);
    expect(readdirSync(folder)).toEqual(['october.csv']);
    expect(await tollgate('export', '--out', out)).toMatchObject({
      code: 2,
      error: `tollgate: ${JSON.stringify(out)} is there already; --force replaces it\n`,
    });
    expect(await json('export', '--format', 'jsonl', '--from', '30d', '--out', out, '--force')).toEqual({
      file: out,
      events: 5,
      bytes: readFileSync(out).length,
    });
    expect(JSON.parse(readFileSync(out, 'utf8').split('\n')[0] ?? '')).toMatchObject({
      tenant: 'wayne',
      attempt: 1,
    });
    await json('export', '--format', 'parquet', '--out', join(folder, 'all.parquet'));
    expect(readFileSync(join(folder, 'all.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect((await tollgate('export', '--out', join(folder, 'not', 'there.csv'))).code).toBe(1);
    for (const args of [['--format', 'xlsx', '--out', 'x'], [], ['--layout', 'redshift']]) {
      expect([args, (await tollgate('export', ...args)).code]).toEqual([args, 2]);
    }
    const nowhere = terminal({});
    expect(JSON.parse((await nowhere.tollgate('export', '--layout', 'bigquery')).out)[0].name).toBe(
      'event_id',
    );
    expect((await nowhere.tollgate('export', '--layout', 'snowflake')).out).toMatch(/^create table /);
  });

  it('is compared with a provider’s own figures by reconcile, which ends with 1 where they differ', async () => {
    const [start_time, end_time] = [clock.now() / 1_000 - 43_200, clock.now() / 1_000 + 43_200];
    const result = {
      object: 'organization.usage.completions.result',
      input_tokens: 50,
      output_tokens: 1,
      model: 'o9',
    };
    const file = join(mkdtempSync(join(tmpdir(), 'tollgate-cli-')), 'usage.json');
    writeFileSync(file, JSON.stringify({ data: [{ start_time, end_time, results: [result] }] }));
    const { code, out, error } = await tollgate('reconcile', file);
    expect(code).toBe(1);
    expect(out).toMatch(/2026-10-15 +o9 +0 ≠ 50 +0 +0 ≠ 1 +- +\$0\.00 +differs\n/);
    expect(error).toMatch(/^tollgate: \d of \d lines differ\n$/);
    writeFileSync(file, 'not JSON');
    expect(await tollgate('reconcile', file)).toMatchObject({ code: 2, out: '' });
    expect((await tollgate('reconcile', `${file}-not-there`)).error).toContain('cannot be read');
  });

  it('is replayed against other plans by simulate, and priced anew by reprice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
    const [plans, prices] = [join(folder, 'plans.json'), join(folder, 'prices.json')];
    writeFileSync(plans, JSON.stringify({ tight: { spend: { limit: '$1/day', by: 'tenant' } } }));
    const asked = ['--month', '2026-10', '--tenant', 'wayne'];
    const { out } = await tollgate('simulate', ...asked, '--plans', plans, '--plan', 'tight');
    expect(out).toMatch(/wayne +3 +1 +0 +\$9007199\.754741 +\$0\.500000007 +\$9007199\.254740993\n/);
    expect(out).toMatch(/tight +usd-day +1\n$/);
    expect(await json('simulate', ...asked, '--plans', plans)).toMatchObject({
      total: { refusedRequests: 0 },
    });
    const books = ledger({ connectionString: server.url });
    await books.write(
      event({
        tenant: 'capped',
        charges: [{ counter: 'usd/day/tenant=capped', window: '2026-10-15', amount: 9e8 }],
      }),
    );
    await books.close();
    await json('budgets', 'set', 'spend', '$1/day', '--tenant', 'capped', '--force', '--no-wait');
    const caps = await tollgate('caps', '--plans', plans, '--tenant', 'capped', '--above', '80');
    expect(caps.out).toMatch(
      /capped +- +- +- +usd-day-tenant +\$0\.90 +\$1\.00 +90\.0 % +2026-10-16T00:00:00\.000Z\n$/,
    );
    writeFileSync(prices, JSON.stringify({ 'gpt-5': { inputUsdPerMillion: '1', outputUsdPerMillion: '2' } }));
    expect(await json('reprice', ...asked, '--prices', prices)).toMatchObject([
      { model: 'gpt-5', attempts: 2, repricedNanoUsd: '400000', correctedAttempts: 0 },
      { model: 'gpt-5-mini', attempts: 1, repricedNanoUsd: '125000', correctedAttempts: 0 },
    ]);
    for (const args of [
      ['simulate'],
      ['caps'],
      ['advice', '--cheaper', 'gpt-5'],
      ['caps', '--plans', plans, '--above', 'all'],
      ['simulate', '--plans', `${plans}-not-there`],
      ['simulate', '--plans', plans, '--plan', 'none'],
      ['simulate', '--plans', prices],
      ['simulate', '--prices', plans],
    ]) {
      expect([args, (await tollgate(...args)).code]).toEqual([args, 2]);
    }
  });

  it('is totalled in a table of several rows', async () => {
    const { out } = await tollgate('usage', '--tenant', 'wayne', '--by', 'team,model');
    expect(out).toMatch(/\nTOTAL +- +3 +300 +150 +\$9007199\.754741\n$/);
  });

  it('is compared with the period before by movers', async () => {
    const books = ledger({ connectionString: server.url });
    const days = (ago: number): number => clock.now() - ago * 86_400_000;
    await books.write(event({ tenant: 'up', costNanoUsd: '3000000000' }, days(1)));
    await books.write(event({ tenant: 'up', costNanoUsd: '1000000000' }, days(8)));
    await books.write(event({ tenant: 'down', costNanoUsd: '2500000000' }, days(9)));
    await books.close();
    const movers = await json('movers', '--from', '7d', '--limit', '3');
    expect(movers).toEqual(
      expect.arrayContaining([
        { tenant: 'up', cost_usd: '3.00', previous_usd: '1.00', change_usd: '2.00' },
        { tenant: 'down', cost_usd: '0.00', previous_usd: '2.50', change_usd: '-2.50' },
      ]),
    );
    const { out } = await tollgate('movers', '--from', '7d', '--tenant', 'down');
    expect(out).toMatch(/^TENANT +BEFORE +NOW +CHANGE\ndown +\$2\.50 +\$0\.00 +-\$2\.50\n$/);
    expect((await tollgate('movers', '--limit', '0')).code).toBe(2);
  });

  it('is billed by bill, at cost or by the prices of plans', async () => {
    const books = ledger({ connectionString: server.url });
    await books.write(event({ tenant: 'billed', plan: 'pro', costNanoUsd: '15000000000' }));
    await books.close();
    const prices = join(mkdtempSync(join(tmpdir(), 'tollgate-cli-')), 'plan-prices.json');
    const price = { feeUsd: '20', includedUsd: '$12', markupPercent: 20, overageMarkupPercent: 50 };
    writeFileSync(prices, JSON.stringify({ pro: price }));
    const asked = ['bill', '2026-10', '--tenant', 'billed'];
    expect(await json(...asked)).toMatchObject([{ billed_usd: '15.00', margin_usd: '0.00' }]);
    expect(await json(...asked, '--prices', prices)).toEqual([
      {
        ...{ tenant: 'billed', plan: 'pro', cost_usd: '15.00', usage_price_usd: '18.00' },
        ...{ included_usd: '12.00', overage_usd: '7.50', fee_usd: '20.00' },
        ...{ billed_usd: '27.50', margin_usd: '12.50' },
      },
    ]);
    const { out } = await tollgate(...asked, '--prices', prices);
    expect(out).toMatch(/\nbilled +pro +\$15\.00 +\$20\.00 +\$7\.50 +\$27\.50 +\$12\.50\n$/);
    for (const wrong of [{ fee: '20' }, { feeUsd: 20 }, { feeUsd: 'much' }, { markupPercent: -1 }]) {
      writeFileSync(prices, JSON.stringify({ pro: wrong }));
      const { code, error } = await tollgate(...asked, '--prices', prices);
      expect([wrong, code, error]).toEqual([wrong, 2, expect.stringMatching(/fee|markupPercent/)]);
    }
    writeFileSync(prices, 'null');
    expect((await tollgate(...asked, '--prices', prices)).error).toContain(
      'must be an object of prices by plan',
    );
    expect((await tollgate('bill', 'October')).code).toBe(2);
  });

  it('of events that still wait in a spool is not passed off as everything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
    const part = join(folder, 'spool', 'part-1');
    mkdirSync(part, { recursive: true });
    const lines = [event({}), event({}), event({})].map((one) => `${JSON.stringify(one)}\n`);
    writeFileSync(join(part, 'a.jsonl'), lines.join(''));
    writeFileSync(join(folder, 'spool', 'refused.jsonl'), lines[0] ?? '');
    const beside = terminal({ DATABASE_URL: server.url, TOLLGATE_DIR: folder }, clock.now);
    expect(await beside.json('spool')).toMatchObject({
      ...{ folder: join(folder, 'spool'), waiting: 3, refused: 1 },
      bytes: lines.join('').length,
    });
    expect((await beside.tollgate('spool', join(folder, 'nowhere'))).out).toMatch(/^waiting +0$/m);
    for (const command of [['usage'], ['movers'], ['bill', '2026-10'], ['doctor']]) {
      const { code, error } = await beside.tollgate(...command);
      expect([command, code, error]).toEqual([
        command,
        0,
        expect.stringContaining(`3 paid attempts are not in the ledger yet: in ${join(folder, 'spool')}`),
      ]);
    }
  });

  it('is compared by caps with the plans that an app on this database has declared', async () => {
    const fresh = terminal({ DATABASE_URL: server.url, TOLLGATE_SCHEMA: 'declared' }, clock.now);
    await fresh.tollgate('migrate');
    expect(await fresh.tollgate('caps')).toMatchObject({
      code: 2,
      error: expect.stringContaining('no app has declared its plans in this database yet; give --plans'),
    });
    const shared = database({ connectionString: server.url, schema: 'declared' });
    await declarePlans(shared, definePlans({ gold: { spend: '$1/day', requests: '9/min' } }));
    await declarePlans(shared, definePlans({ gold: { spend: '$2/day' }, free: {} }));
    const books = ledger({ database: shared });
    await books.write(
      event({
        ...{ tenant: 'rich', plan: 'gold', keyId: 'k1' },
        charges: [{ counter: 'usd/day/tenant=rich/key=k1', window: '2026-10-15', amount: 5e8 }],
      }),
    );
    await books.close();
    await shared.end();
    expect(await fresh.json('caps')).toMatchObject([
      { tenant: 'rich', limit: 'usd-day', cap: 2e9, share: 0.25, resets_at: '2026-10-16T00:00:00.000Z' },
    ]);
    const typo = await fresh.tollgate('keys', 'create', '--tenant', 'rich', '--plan', 'goldd');
    expect([typo.code, typo.error]).toEqual([1, expect.stringContaining('(did you mean "gold"?)')]);
    expect(await fresh.json('keys', 'create', '--tenant', 'rich', '--plan', 'gold')).toHaveProperty('key');
  });

  it('says where a database was looked for that does not answer', async () => {
    const { error } = await terminal({ DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' }).tollgate('usage');
    expect(error).toBe('tollgate: the database does not answer: nothing listens there (127.0.0.1:1/x)\n');
  });

  it('refuses periods and groups that make no sense', async () => {
    for (const args of [
      ['--month', '2026-13'],
      ['--month', '2026-10', '--from', '7d'],
      ['--from', '2026-10-02', '--to', '2026-10-01'],
      ['--from', 'yesterday'],
      ['--time-zone', 'Mars/Olympus'],
      ['--by', 'tenant;drop table usage_events'],
      ['--by', 'tenant,tenant'],
    ]) {
      expect([args, (await tollgate('usage', ...args)).code]).toEqual([args, 2]);
    }
  });
});

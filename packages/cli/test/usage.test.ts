import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { ledger } from '@tollgate/postgres';
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
}, 60_000);

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
    await json('budgets', 'set', 'spend', '$1/day', '--tenant', 'capped', '--force');
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

import { createHash } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent } from '@tollgate/core/internal';
import { database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { exportColumns } from '../src/export/export-columns.js';
import { parquet } from '../src/export/parquet.js';
import { type ExportQuery, exportEvents, warehouseLayout } from '../src/index.js';

const october = { from: '2026-10-01', to: '2026-11-01' } as const;
const hostile = [
  '=cmd|calc!A1',
  '+1',
  '-1',
  '@sum(1)',
  '\tx',
  '\r=1',
  '＝1',
  '"quoted", with\r\nlines',
  '🤑',
  `'; --`,
];

/** RFC 4180, read strictly: `null` is a cell without quotes in which nothing stands. */
function readCsv(csv: string): Record<string, string | null>[] {
  const lines: (string | null)[][] = [[]];
  const cells = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  for (let match = cells.exec(csv); match; match = cells.exec(csv)) {
    const [, cell = '', end] = match;
    lines.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell || null);
    if (end === '\r\n') lines.push([]);
    if (cells.lastIndex === csv.length) break;
  }
  if (cells.lastIndex !== csv.length) throw new Error(`not CSV at ${cells.lastIndex}`);
  const [names = [], ...rows] = lines.slice(0, -1);
  return rows.map((row) => {
    if (row.length !== names.length) throw new Error('a line has another number of cells');
    return Object.fromEntries(row.map((cell, index) => [names[index], cell]));
  });
}

function history(): UsageEvent[] {
  const plain = Array.from({ length: 4_500 }, (_, index) =>
    usageEvent(
      { tenant: `t${index % 3}`, costNanoUsd: String(index), timeToFirstTokenMs: 5 },
      Date.UTC(2026, 9, 2) + index * 1_000,
    ),
  );
  const odd = hostile.map((name) =>
    usageEvent({
      tenant: 'hostile',
      team: name,
      user: name,
      model: name,
      labels: { feature: name, [name]: name },
    }),
  );
  const large = usageEvent({ tenant: 'large', costNanoUsd: '9223372036854775807', tier: '', plan: '' });
  const corrected = adjustmentEvent(large, { ...large, costNanoUsd: '80' }, []);
  const other = usageEvent({ tenant: 'november' }, Date.UTC(2026, 10, 1));
  return [...plain, ...odd, large, corrected, other];
}

describe.each(queried)('exports from $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  const events = history();
  const expected = events.filter(({ tenant }) => tenant !== 'november');
  const ids = expected.map(({ eventId }) => eventId).sort();

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    await Promise.all(events.map((event) => books.write(event)));
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  const stream = (query: Partial<ExportQuery> & Pick<ExportQuery, 'format'>) =>
    exportEvents(books.database, { ...october, ...query });

  it('have each event of the period once, in the order of ids, whatever the format', async () => {
    const csv = readCsv(await text(stream({ format: 'csv' })));
    const lines = (await text(stream({ format: 'jsonl' })))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const file = await buffer(stream({ format: 'parquet' }));
    const rows = await parquetReadObjects({ file: Uint8Array.from(file).buffer });
    for (const told of [csv, lines, rows]) {
      expect(told.map(({ event_id }) => event_id)).toEqual(ids);
    }
    const cost = expected.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n);
    for (const told of [csv, lines, rows]) {
      expect(told.reduce((sum, { cost_nano_usd }) => sum + BigInt(cost_nano_usd), 0n)).toBe(cost);
    }
  }, 150_000);

  it('in CSV keep every text, and make a formula of none', async () => {
    const rows = readCsv(await text(stream({ format: 'csv', where: { tenant: 'hostile' } })));
    expect(rows.map(({ team }) => team).sort()).toEqual(
      hostile.map((name) => (/^[=+\-@\t\r＝]/.test(name) ? `'${name}` : name)).sort(),
    );
    for (const row of rows) {
      expect(row).toMatchObject({ user_id: row.team, model: row.team, feature: row.team, tier: null });
    }
    const kept = readCsv(
      await text(stream({ format: 'csv', formulas: 'keep', where: { tenant: 'hostile' } })),
    );
    expect(kept.map(({ team }) => team).sort()).toEqual([...hostile].sort());
    expect(kept.map(({ labels }) => JSON.parse(labels ?? '').feature).sort()).toEqual([...hostile].sort());
  });

  it('tell an empty text from none, and money to the nano-dollar, corrections with their sign', async () => {
    const rows = readCsv(await text(stream({ format: 'csv', where: { tenant: 'large' } })));
    expect(rows.find(({ kind }) => kind === 'usage')).toMatchObject({
      plan: '',
      tier: '',
      team: null,
      cost_nano_usd: '9223372036854775807',
      cost_usd: '9223372036.854775807',
    });
    expect(rows.find(({ kind }) => kind === 'adjustment')).toMatchObject({
      cost_nano_usd: '-9223372036854775727',
      cost_usd: '-9223372036.854775727',
    });
  });

  it('in JSON lines have the types that BigQuery and Snowflake load, and no float', async () => {
    const [line = ''] = (await text(stream({ format: 'jsonl' }))).split('\n');
    const [first] = expected;
    expect(JSON.parse(line)).toMatchObject({
      event_id: first?.eventId,
      began_at: first?.time,
      labels: {},
      input_tokens: 100,
      cost_nano_usd: '0',
      cost_usd: '0.000000000',
      uncertain: false,
      time_to_first_token_ms: 5,
      charges: first?.charges,
    });
    expect(JSON.parse(line)).not.toHaveProperty('team');
    const layout: { name: string; type: string }[] = JSON.parse(warehouseLayout('bigquery'));
    const types = {
      string: ['STRING', 'TIMESTAMP', 'NUMERIC', 'INT64'],
      number: ['INT64'],
      boolean: ['BOOL'],
      object: ['JSON'],
    };
    for (const [name, value] of Object.entries(JSON.parse(line))) {
      expect(types[typeof value as keyof typeof types]).toContain(
        layout.find((one) => one.name === name)?.type,
      );
    }
    for (const { name } of layout) expect(warehouseLayout('snowflake')).toContain(`\n  ${name} `);
  });

  it('in Parquet can be read by another program, with integers, decimals, times and JSON', async () => {
    const file = Uint8Array.from(await buffer(stream({ format: 'parquet' }))).buffer;
    const { schema, num_rows, row_groups } = parquetMetadata(file);
    expect(num_rows).toBe(BigInt(expected.length));
    expect(row_groups).toHaveLength(1);
    expect(schema.find(({ name }) => name === 'cost_usd')).toMatchObject({
      converted_type: 'DECIMAL',
      precision: 38,
      scale: 9,
    });
    expect(schema.map(({ type }) => type)).not.toEqual(expect.arrayContaining(['DOUBLE']));
    const rows = await parquetReadObjects({ file });
    const large = rows.filter(({ tenant }) => tenant === 'large');
    expect(large.map(({ cost_nano_usd }) => cost_nano_usd)).toEqual(
      expect.arrayContaining([9_223_372_036_854_775_807n, -9_223_372_036_854_775_727n]),
    );
    expect(large.map(({ cost_usd }) => cost_usd / 1e9).sort()).toEqual([
      -9.223372036854776, 9.223372036854776,
    ]);
    const odd = rows.filter(({ tenant }) => tenant === 'hostile');
    expect(odd.map(({ labels }) => labels.feature).sort()).toEqual([...hostile].sort());
    expect(odd[0]).toMatchObject({
      began_at: new Date(Date.UTC(2026, 9, 15, 12)),
      uncertain: false,
      attempt: 1n,
    });
  });

  it('read on only when somebody takes what was read, and say how far they are', async () => {
    const told: number[] = [];
    const slow = stream({ format: 'jsonl', onProgress: (count) => told.push(count) });
    const chunks = slow[Symbol.asyncIterator]();
    const hash = createHash('sha256').update((await chunks.next()).value);
    // A whole export meanwhile: time enough to read everything, if anything were read that nobody takes.
    const whole = createHash('sha256').update(await text(stream({ format: 'jsonl' })));
    expect(told.length).toBeLessThan(3);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) hash.update(next.value);
    expect(told).toEqual([2_000, 4_000, expected.length]);
    expect(hash.digest('hex')).toBe(whole.digest('hex'));
  });

  it('of nothing are files of their format', async () => {
    const empty = { where: { tenant: 'nobody' } } as const;
    expect(readCsv(await text(stream({ format: 'csv', ...empty })))).toEqual([]);
    expect(await text(stream({ format: 'jsonl', ...empty }))).toBe('');
    const file = Uint8Array.from(await buffer(stream({ format: 'parquet', ...empty }))).buffer;
    expect(parquetMetadata(file).num_rows).toBe(0n);
  });

  it.each([
    [{ format: 'xlsx' }, 'exportEvents: "format" must be one of "csv", "jsonl", "parquet"'],
    [{ format: 'csv', from: 'soon' }, '"from" must be a date'],
    [{ format: 'csv', formula: 'keep' }, 'did you mean "formulas"?'],
    [{ format: 'csv', where: { tenants: 'x' } }, 'received "tenants"'],
  ])('are refused for %j', (query, message) => {
    expect(() => stream(query as never)).toThrow(message);
  });
});

it('a Parquet file of many events is written group by group, and read back whole', async () => {
  const event = exportColumns.map(({ type, isRequired }) =>
    isRequired
      ? {
          text: 'x',
          json: '{}',
          integer: '5',
          money: '0.000000005',
          boolean: 'true',
          timestamp: '2026-10-01',
        }[type]
      : null,
  );
  async function* pages() {
    for (let page = 0; page < 25; page += 1) {
      yield Array.from({ length: 2_000 }, (_, index) => [`id-${page * 2_000 + index}`, ...event.slice(1)]);
    }
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of parquet(pages())) chunks.push(chunk);
  expect(chunks).toHaveLength(4);
  const file = Uint8Array.from(Buffer.concat(chunks)).buffer;
  expect(parquetMetadata(file).row_groups.map(({ num_rows }) => num_rows)).toEqual([
    20_000n,
    20_000n,
    10_000n,
  ]);
  const rows = await parquetReadObjects({ file, columns: ['event_id', 'cost_nano_usd'] });
  expect(rows.map(({ event_id }) => event_id)).toEqual(
    Array.from({ length: 50_000 }, (_, index) => `id-${index}`),
  );
  expect(rows.every(({ cost_nano_usd }) => cost_nano_usd === 5n)).toBe(true);
});

it('a layout for another warehouse is refused', () => {
  expect(() => warehouseLayout('redshift' as never)).toThrow('must be one of "bigquery", "snowflake"');
});

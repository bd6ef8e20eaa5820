import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { queried, type TestDatabase } from '@tollgate/testkit/databases';
import { sql } from 'kysely';
import { database } from '../src/index.js';

describe.each(queried)('the schema on $name', ({ start }) => {
  let server: TestDatabase;
  beforeAll(async () => {
    server = await start();
  }, 150_000);
  afterAll(() => server.end(), 30_000);

  it('of a later version serves this one too, so that a deploy can be taken back', async () => {
    const first = database(server.options);
    await first.ready();
    await sql`insert into tollgate.migrations (name, timestamp) values ('0099-of-a-later-version', '2027-01-01')`.execute(
      first.query,
    );
    await sql`alter table tollgate.usage_events add column of_a_later_version text`.execute(first.query);
    await first.end();
    const again = database(server.options);
    await again.ready();
    const { rows } = await sql<{ name: string }>`select name from tollgate.migrations order by name`.execute(
      again.query,
    );
    expect(rows.at(-1)?.name).toBe('0099-of-a-later-version');
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    await again.end();
  });

  it('with a step that belongs in the middle and is not known is refused', async () => {
    const first = database(server.options);
    await first.ready();
    await sql`insert into tollgate.migrations (name, timestamp) values ('0002-of-another-app', '2027-01-01')`.execute(
      first.query,
    );
    await first.end();
    const again = database(server.options);
    await expect(again.ready()).rejects.toThrow('0002-of-another-app');
    await again.end();
  });
});

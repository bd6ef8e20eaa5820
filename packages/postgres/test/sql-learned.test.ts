import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LearnedStore } from '@tollgate/core/internal';
import { databases, type TestDatabase } from '@tollgate/testkit/databases';
import { type Database, database, sqlLearned } from '../src/index.js';

async function all(store: LearnedStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const portion of store.load())
    for (const [subject, record] of portion) found.set(subject, record);
  return found;
}

describe.each(databases)('sqlLearned() on $name', ({ start }) => {
  let server: TestDatabase;
  let shared: Database;
  beforeAll(async () => {
    server = await start();
    shared = database(server.options);
  }, 150_000);
  afterAll(async () => {
    await shared.end();
    await server.end();
  }, 90_000);

  it('keeps the habits of thousands of subjects for every process, and forgets the ones that are named', async () => {
    const [one, other] = [sqlLearned({ database: shared }), sqlLearned({ database: shared })];
    expect(await all(one)).toEqual(new Map());
    const records = Array.from(
      { length: 1_203 },
      (_, index) => [`key:k${index}É_'"`, `{"é":${index}}`] as const,
    );
    for (let from = 0; from < records.length; from += 50)
      await one.save(records.slice(from, from + 50), from + 50 >= records.length);
    await other.save([[`key:k7É_'"`, '{"new":true}']], true);
    await other.save([], true);
    const found = await all(other);
    expect(found.size).toBe(1_203);
    expect(found.get(`key:k7É_'"`)).toBe('{"new":true}');
    expect(found.get(`key:k1202É_'"`)).toBe('{"é":1202}');
    await one.forget?.([`key:k1É_'"`, 'key:of no one', 'with\0nul']);
    expect((await all(other)).size).toBe(1_202);
  });

  it('takes a subject twice, and some that the database cannot name, without losing the others', async () => {
    const store = sqlLearned({ database: shared });
    await store.save(
      [
        ['twice', '1'],
        ['nul\0', '2'],
        ['half \ud800', '2'],
        ['half \ud801', '2'],
        [Array.from({ length: 4_000 }, (_, at) => at.toString(36)).join(), '2'],
        ['twice', '3'],
        ['last', '4'],
      ],
      true,
    );
    const found = await all(store);
    expect([found.get('twice'), found.get('last')]).toEqual(['3', '4']);
    expect([...found.keys()].filter((subject) => /^(?:nul|half|0,)/.test(subject))).toEqual([]);
  });

  it('drops habits that were not written for forty days', async () => {
    const store = sqlLearned({ database: shared });
    await store.save(
      [
        ['old', '1'],
        ['young', '1'],
      ],
      true,
    );
    await shared.execute(
      `update "${shared.schema}".learned set saved_at = now() - interval '41 days' where subject = $1`,
      ['old'],
    );
    await store.save([], true);
    const found = await all(store);
    expect([found.has('old'), found.has('young')]).toEqual([false, true]);
  });
});

describe('sqlLearned()', () => {
  it('rejects while the database is away, and refuses wrong options', async () => {
    const away = database({ connectionString: 'postgres://none@127.0.0.1:1/none' });
    const store = sqlLearned({ database: away });
    await expect(all(store)).rejects.toThrow();
    await expect(store.save([['a', 'b']], true)).rejects.toThrow();
    await away.end();
    expect(() => sqlLearned({} as never)).toThrow('sqlLearned: "database" is required');
  });
});

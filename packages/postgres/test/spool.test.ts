import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { memoryQuota, type UsageEvent } from '@tollgate/core';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { usageEvent } from '@tollgate/testkit/databases';
import { type Ledger, ledger } from '../src/index.js';
import { Segments } from '../src/spool/segments.js';
import { Spool } from '../src/spool/spool.js';

const program = bundledProgram(import.meta.dirname, 'spooling-process');
let server: PostgresProcess;
let directory: string;
let books: Ledger;

beforeAll(async () => {
  server = await startPostgres();
}, 150_000);

afterAll(async () => {
  await server.stop();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-spool-'));
});

afterEach(async () => {
  await books.close();
  rmSync(directory, { recursive: true, force: true });
}, 90_000);

const open = (spool: Parameters<typeof ledger>[0]['spool'] = directory): Ledger =>
  ledger({ connectionString: server.url, spool });

async function idsOf(tenant: string): Promise<string[]> {
  const rows = await books.database.query
    .selectFrom('usage_events')
    .select('event_id')
    .where('tenant', '=', tenant)
    .execute();
  return rows.map(({ event_id }) => event_id).sort();
}

/** Asks until the answer is the one expected, or time is up. */
async function until<Answer>(expected: Answer, ask: () => Promise<Answer> | Answer): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) === JSON.stringify(expected) || Date.now() > end) {
      expect(answer).toEqual(expected);
      return;
    }
    await delay(50);
  }
}

const made = (tenant: string, count: number): UsageEvent[] =>
  Array.from({ length: count }, () => usageEvent({ tenant }));
const ids = (events: readonly UsageEvent[]): string[] => events.map(({ eventId }) => eventId).sort();
const partOf = (): string =>
  join(directory, readdirSync(directory).find((name) => name.startsWith('part-')) ?? '');

describe('the spool', () => {
  it('hands on what comes, and leaves nothing behind', async () => {
    books = open();
    const events = made('handed-on', 5_000);
    for (const event of events) books.write(event);
    await books.database.ready();
    await until(5_000, async () => (await idsOf('handed-on')).length);
    await books.close();
    expect(readdirSync(directory)).toEqual([]);
  }, 150_000);

  it('keeps what comes while PostgreSQL is stopped, and writes each event once when it is back', async () => {
    books = open();
    await books.database.ready();
    const events = made('stopped', 3_000);
    for (const [index, event] of events.entries()) {
      if (index === 1_000) await server.kill();
      books.write(event);
      if (index % 100 === 0) await books.flush();
    }
    await books.flush();
    expect(books.isFull).toBe(false);
    await server.restart();
    await until(ids(events), () => idsOf('stopped'));
  }, 150_000);

  it('keeps to two files however many deliveries fail, and delivers in order when one succeeds', async () => {
    books = open(); // for the clean-up of this suite
    const attempted = new EventEmitter();
    let isAway = true;
    const delivered: UsageEvent[] = [];
    const own = join(directory, 'own');
    const spool = new Spool({ directory: own, maxBytes: 1e6, sync: false }, async (events) => {
      attempted.emit('attempt');
      if (isAway) throw new Error('the database is away');
      delivered.push(...events);
      return { refused: [] };
    });
    const events = made('few-files', 8);
    const caughtUp: Promise<void>[] = [];
    for (const event of events) {
      const attempt = once(attempted, 'attempt');
      spool.write(event);
      await spool.flush();
      caughtUp.push(spool.caughtUp()); // also ends the pause after a failure
      await attempt;
    }
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => name.endsWith('.jsonl'))).toHaveLength(2);
    isAway = false;
    await Promise.all([...caughtUp, spool.caughtUp()]);
    expect(delivered.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    await spool.close(1_000);
  });

  it('has on the disk what was written while a file is being closed', async () => {
    books = open();
    const [first, second] = made('closing', 2) as [UsageEvent, UsageEvent];
    const { rotate } = Segments.prototype;
    let flushed: Promise<void> | undefined;
    const spy = jest.spyOn(Segments.prototype, 'rotate').mockImplementation(async function (this: Segments) {
      await rotate.call(this);
      if (flushed) return;
      books.write(second);
      flushed = books.flush();
    });
    try {
      books.write(first);
      await until(true, () => flushed !== undefined);
      await expect(flushed).resolves.toBeUndefined();
    } finally {
      spy.mockRestore();
    }
    await until(ids([first, second]), () => idsOf('closing'));
  }, 150_000);

  it('is replayed by the next process when one is killed, also when the last line is torn', async () => {
    const away = `postgres://nobody@127.0.0.1:1/none`;
    const child: ChildProcess = spawn(process.execPath, [program, directory, away, '2500'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!child.stdout) throw new Error('the process has no output');
    await once(child.stdout, 'data');
    books = open();
    await books.openWindows(); // resolves once parts of dead processes were looked for
    expect(await idsOf('killed')).toEqual([]); // a process that lives keeps its part
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await books.close();
    const part = partOf();
    const last =
      readdirSync(part)
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .at(-1) ?? '';
    appendFileSync(join(part, last), '{"eventId":"0199');
    books = open();
    await books.database.ready();
    await until(2_500, async () => (await idsOf('killed')).length);
    await until(1, () => readdirSync(directory).length);
  }, 150_000);

  it('hands events straight to the database while the disk takes none', async () => {
    books = open();
    await books.database.ready();
    const [before, after] = [made('no-disk', 3), made('no-disk', 50)];
    for (const event of before) books.write(event);
    await until(ids(before), () => idsOf('no-disk'));
    const part = partOf();
    renameSync(part, join(directory, 'elsewhere'));
    writeFileSync(part, 'a file where the folder was');
    for (const event of after) books.write(event);
    await books.flush();
    expect(await idsOf('no-disk')).toEqual(ids([...before, ...after]));
    rmSync(part);
  }, 150_000);

  it('sets aside what no row can hold, and goes on', async () => {
    books = open();
    const [good, other] = made('set-aside', 2) as [UsageEvent, UsageEvent];
    const bad = usageEvent({ tenant: 'set-aside', costNanoUsd: '99999999999999999999' });
    for (const event of [good, bad, other]) books.write(event);
    await books.database.ready();
    await until(ids([good, other]), () => idsOf('set-aside'));
    const refused = join(directory, 'refused.jsonl');
    await until(true, () => existsSync(refused) && readFileSync(refused, 'utf8').endsWith('\n'));
    expect(JSON.parse(readFileSync(refused, 'utf8'))).toEqual(bad);
  }, 150_000);

  it('says when it is full, drops beyond its bound, and in strict mode nothing more is admitted', async () => {
    books = ledger({
      connectionString: 'postgres://nobody@127.0.0.1:1/none',
      spool: { directory, maxBytes: 1_000_000, sync: false },
    });
    const strict = memoryQuota({ sinks: [books], strict: true });
    const lenient = memoryQuota({ sinks: [books] });
    const reservation = (id: string) => ({
      id,
      partition: 'acme',
      alternatives: [{ charges: [] }],
      leaseMs: 1_000,
    });
    expect(await strict.reserve(reservation('before'))).toMatchObject({ ok: true });
    for (let written = 0; !books.isFull && written < 10_000; written += 200) {
      for (const event of made('full', 200)) books.write(event);
      await books.flush();
    }
    await expect(strict.reserve(reservation('after'))).rejects.toThrow('a usage sink is full');
    expect(await lenient.reserve(reservation('after'))).toMatchObject({ ok: true });
    expect(books.droppedCount).toBe(0);
    for (let rounds = 0; books.droppedCount === 0 && rounds < 10; rounds += 1) {
      for (const event of made('full', 200)) books.write(event);
      await books.flush();
    }
    expect(books.droppedCount).toBeGreaterThan(0);
    await Promise.all([strict.end(), lenient.end()]);
  }, 150_000);
});

describe('options of the spool', () => {
  beforeEach(() => {
    books = open();
  });

  it.each([
    [5, '"spool" must be a folder, or an object'],
    [{ directory: 'a', maxByte: 5 }, 'unknown option "maxByte" (did you mean "maxBytes"?)'],
    [{}, '"directory" is required'],
  ])('%j is refused at start', (spool, message) => {
    expect(() => ledger({ connectionString: server.url, spool: spool as never })).toThrow(message);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { SwitchStore } from '@tollgate/core';
import { processName } from '@tollgate/core/internal';
import { redisSwitch } from '@tollgate/redis';
import { startRedis, usageEvent } from '@tollgate/testkit';
import { type Detector, fileSwitch, type Watch, watch } from '@tollgate/watch';
import { createClient } from 'redis';
import { terminal } from './terminal.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-cli-incidents-'));
afterAll(() => rmSync(directory, { recursive: true }));

let watching: Watch | undefined;
afterEach(() => watching?.end());

const dear: Detector = {
  name: 'dear',
  usage: ({ keyId = '', tenant }, report) =>
    report({ subject: { kind: 'key', name: keyId, tenant }, score: 9 }),
};

/** An app that suspends one tenant by itself, and further ones with a confirmation. */
function startApp(store: SwitchStore): (tenant: string, keyId: string) => void {
  const { sink, ...rest } = watch({
    ...{ store, detectors: [dear], blastRadius: { share: 0.01, withinMs: 600_000 } },
    policy: [
      { detectors: ['dear'], minScore: 8, action: { do: 'suspend', forMs: 600_000, cutsRunning: false } },
    ],
  });
  watching = { sink, ...rest };
  return (tenant, keyId) => void sink.write(usageEvent({ tenant, keyId }));
}

async function decide(env: Record<string, string>, store: SwitchStore): Promise<void> {
  // On a machine that is busy with other tests, the app may need longer than the two seconds that the command waits.
  const { tollgate, json } = terminal(env, Date.now, globalThis.fetch, 15_000);
  expect((await tollgate('incidents', 'list')).out).toBe('none\n');
  const use = startApp(store);
  use('acme', 'k1');
  use('globex', 'k2');
  use('initech', 'k3');
  const states = async (): Promise<string[]> =>
    (await json('incidents', 'list'))
      .map((one: Record<string, string>) => `${one.target} ${one.outcome}`)
      .sort();
  while ((await states()).length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await states()).toEqual(['key k1 applied', 'key k2 withheld', 'key k3 withheld']);
  const all: Record<string, string>[] = await json('incidents', 'list');
  const idOf = (target: string): string => all.find((one) => one.target === target)?.id ?? '';
  expect(all.find(({ target }) => target === 'key k2')).toMatchObject({
    ...{ action: 'suspend', tenant: 'globex', process: processName },
    reason: 'dear of key k2, score 9.0',
  });
  const off = async (): Promise<string[]> =>
    (await json('switch', 'list')).map(({ name }: { name: string }) => name).sort();
  expect(await off()).toEqual(['k1']);

  const confirmed = await tollgate('incidents', 'confirm', idOf('key k2'));
  expect([confirmed.code, confirmed.out]).toEqual([
    0,
    `suspend of key k2 is carried out, by process ${processName}.\n`,
  ]);
  expect(await off()).toEqual(['k1', 'k2']);
  expect(await json('incidents', 'undo', idOf('key k1'))).toMatchObject({ done: 'taken back' });
  expect(await off()).toEqual(['k2']);

  expect((await tollgate('incidents', 'confirm', idOf('key k2'))).error).toContain(
    'has decided it already: confirm',
  );
  expect((await tollgate('incidents', 'undo', 'nothing')).error).toContain(
    'there is no action "nothing" here',
  );
  watching?.end();
  const late = await terminal(env).tollgate('incidents', 'confirm', idOf('key k3'));
  expect([late.code, late.out]).toEqual([1, '']);
  expect(late.error).toContain(
    `process ${processName}, which acts, has not answered within 2 s; nothing was carried out`,
  );
  expect(await store.mitigations?.take([idOf('key k3')])).toEqual([]);
}

describe('tollgate incidents', () => {
  it(
    'lists, confirms and takes back what watch() does, with the switch in a file',
    () => decide({ TOLLGATE_DIR: directory }, fileSwitch(join(directory, 'switch.json'))),
    30_000,
  );

  it('and on Redis', async () => {
    const redis = await startRedis();
    const client = await createClient({ url: redis.url }).connect();
    await decide({ REDIS_URL: redis.url }, redisSwitch({ client, deadlineMs: 5_000 }));
    client.destroy();
    await redis.stop();
  }, 90_000);

  it('claims nothing of a decision that was taken and not reported', async () => {
    const store = fileSwitch(join(directory, 'taken', 'switch.json'));
    const { mitigations } = store;
    const record = { id: 'm1', atMs: Date.now(), untilMs: Date.now() + 60_000, action: 'suspend' };
    await mitigations?.put({
      ...record,
      outcome: 'withheld',
      target: 'key k1',
      reason: 'r',
      process: 'web:1',
    });
    const taking = setInterval(() => void mitigations?.take(['m1']), 20);
    const { tollgate } = terminal({ TOLLGATE_DIR: join(directory, 'taken') });
    const { code, error } = await tollgate('incidents', 'confirm', 'm1');
    clearInterval(taking);
    expect([code, error]).toEqual([
      1,
      expect.stringContaining('has taken the decision and has not reported its end'),
    ]);
  });

  it('confirms only what waits for it', async () => {
    const store = fileSwitch(join(directory, 'other', 'switch.json'));
    const use = startApp(store);
    use('acme', 'k1');
    const { tollgate, json } = terminal({ TOLLGATE_DIR: join(directory, 'other') });
    let [found] = await json('incidents', 'list');
    while (!found) [found] = await json('incidents', 'list');
    const { code, error } = await tollgate('incidents', 'confirm', found.id);
    expect([code, error]).toEqual([
      1,
      expect.stringContaining('does not wait for a confirmation: it is applied'),
    ]);
  });
});

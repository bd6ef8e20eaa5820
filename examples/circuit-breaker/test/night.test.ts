import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { chartOf } from '../src/chart.js';
import { agentLoopsAtMs, agentsKey, keyIsStolenAtMs, runaway, stolen, tenants } from '../src/night.js';
import { type Night, play } from '../src/play.js';
import { storyOf } from '../src/story.js';

const long = process.env.TOLLGATE_LONG === '1';
/** The outcome of the unwatched night, which `npm run test:long` plays and compares with this. */
const unwatched: Night = {
  bill: new Map([
    ['acme', 0.5721375],
    ['globex', 209.58997125],
    ['hooli', 0.58719375],
    ['initech', 135.71634],
    ['umbrella', 0.6203175],
    ['vandelay', 0.59923875],
  ]),
  refused: { customer: 0, agent: 0, thief: 0 },
  ...{ told: [], measures: [], keyIds: {} },
};

describe('the night', () => {
  let watched: Night;
  beforeAll(async () => {
    watched = await play({ isWatched: true });
  }, 300_000);
  const toldOf = (owner: string) =>
    watched.told.filter(({ key }) => key === `watch/key/${watched.keyIds[owner]}`);

  it('costs a fraction of what it costs unwatched, and customers who did nothing pay and get the same', () => {
    for (const tenant of [runaway, stolen]) {
      expect(unwatched.bill.get(tenant)).toBeGreaterThan(80);
      expect(watched.bill.get(tenant)).toBeLessThan(10);
    }
    for (const tenant of tenants) {
      if (tenant !== runaway && tenant !== stolen) {
        expect(watched.bill.get(tenant)).toBeCloseTo(unwatched.bill.get(tenant) ?? 0, 9);
      }
    }
    expect(watched.refused.customer).toBe(0);
  });

  if (long)
    it('is played unwatched, and costs what is compared with', async () => {
      const { bill, refused, told, measures } = await play({ isWatched: false });
      expect([...bill.keys()].sort()).toEqual([...unwatched.bill.keys()]);
      for (const [tenant, usd] of unwatched.bill) expect(bill.get(tenant)).toBeCloseTo(usd, 9);
      expect({ refused, told, measures }).toEqual({ refused: unwatched.refused, told: [], measures: [] });
    }, 300_000);

  it('is told as two incidents, within two minutes each, and nobody else is accused', () => {
    const opened = watched.told.filter(({ event }) => event === 'opened');
    expect(opened.map(({ key }) => key)).toEqual([
      `watch/key/${watched.keyIds[agentsKey]}`,
      `watch/key/${watched.keyIds[stolen]}`,
    ]);
    const [agent, thief] = opened;
    expect((agent?.atMs ?? 0) - agentLoopsAtMs).toBeLessThan(120_000);
    expect((thief?.atMs ?? 0) - keyIsStolenAtMs).toBeLessThan(120_000);
  });

  it('suspends the agent’s own key, lets it try again, and each time suspends it for longer', () => {
    const suspended = watched.measures.filter(({ action }) => action.do === 'suspend');
    expect(suspended.map(({ atMs, untilMs }) => Math.round((untilMs - atMs) / 60_000))).toEqual([
      15, 30, 60, 120, 240,
    ]);
    expect(new Set(suspended.map(({ target }) => target.name))).toEqual(new Set([watched.keyIds[agentsKey]]));
  });

  it('challenges the stolen key, gives its owner a new one once, and the incident ends when it is over', () => {
    const done = watched.measures
      .filter(({ target }) => target.name === watched.keyIds[stolen])
      .map(({ action, outcome }) => `${action.do} ${outcome}`);
    expect(new Set(done)).toEqual(new Set(['challenge applied', 'rotate applied']));
    expect(done.filter((one) => one.startsWith('rotate'))).toHaveLength(1);
    expect(toldOf(stolen).map(({ event }) => event)).toEqual(['opened', 'updated', 'resolved']);
  });

  it('makes a story that a person can read', () => {
    const story = storyOf(unwatched, watched);
    expect(story).toContain('01:10:00  >>> an agent of globex begins to loop');
    expect(story).toMatch(/01:11:\d\d {6}alert opened, warning: Challenged: key of globex\/agent; spend/);
    expect(story).toMatch(/together {2,}\$\d{3}\.\d\d {2,}\$\d\.\d\d/);
  });

  it('is the night of the picture in the documentation', () => {
    const picture = readFileSync(new URL('../../../docs/circuit-breaker.svg', import.meta.url), 'utf8');
    expect(picture).toBe(chartOf(unwatched.bill, watched.bill));
  });
});

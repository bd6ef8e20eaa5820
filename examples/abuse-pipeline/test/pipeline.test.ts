import { beforeAll, describe, expect, it } from '@jest/globals';
import { IsolationForest } from '@tollgate/watch';
import { usualRows } from '../src/app.js';
import { featureNames, featuresOf, windowLength } from '../src/features.js';
import { type Played, play } from '../src/pipeline.js';

describe('a pipeline against abuse', () => {
  let played: Played;
  beforeAll(async () => {
    played = await play();
  }, 120_000);
  const outcomeOf = (name: string) => played.outcomes.find(({ who }) => who === name);

  it('refuses no request of a customer at work', () => {
    const customers = played.outcomes.filter(({ who }) => !['scraper', 'stuffer'].includes(who));
    expect(customers).toHaveLength(6);
    for (const { asked, answered, score } of customers) {
      expect([asked, answered]).toEqual([60, 60]);
      expect(score).toBeLessThan(played.threshold);
    }
  });

  it('challenges a scraper with a valid key as soon as the forest has a full window of its requests', () => {
    const { answered = 0, refused = {} } = outcomeOf('scraper') ?? {};
    expect(answered).toBeLessThanOrEqual(windowLength + 2);
    expect(refused.abnormal_usage).toBe(120 - answered);
    const actions = played.mitigations.filter(({ finding }) => finding.detector === 'forest');
    expect(actions.map(({ action }) => action.do)).toContain('challenge');
    expect(actions[0]?.finding.features[0]?.feature).toBeDefined();
  });

  it('blocks a network that stuffs credentials, before they are verified', () => {
    const { answered, refused = {} } = outcomeOf('stuffer') ?? {};
    expect(answered).toBe(0);
    expect(refused.abnormal_usage).toBeGreaterThan(40);
    const block = played.mitigations.find(({ action }) => action.do === 'block');
    expect(block?.target).toMatchObject({ kind: 'network', name: '192.0.2.66' });
  });

  it('scores every key in real time', () => {
    expect(played.scoredKeys).toBe(7);
  });
});

describe('the forest', () => {
  it('finds a machine by its rhythm and pace, and says which feature it is', () => {
    const forest = IsolationForest.train(usualRows(400, 1), { features: featureNames, seed: 7 });
    const machine = Array.from({ length: windowLength }, (_, index) => ({
      ...{ atMs: index * 500, promptChars: 50, promptHash: `${index}`, isRefused: false },
    }));
    const row = featuresOf(machine) ?? [];
    expect(forest.score(row)).toBeGreaterThan(forest.thresholdFor(0.002, usualRows(1_000, 5_000)));
    expect(featureNames).toContain(forest.explain(row)[0]?.feature);
  });

  it('has no row before a key has asked often enough', () => {
    expect(featuresOf([])).toBeUndefined();
  });
});

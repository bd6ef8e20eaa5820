import { describe, expect, it } from '@jest/globals';
import { Rhythm } from '../../src/features/rhythm.js';
import { StepsTaken } from '../../src/features/steps-taken.js';

function stepsOf(paths: readonly (readonly [route: string | undefined, model: string])[]): StepsTaken {
  const steps = new StepsTaken();
  for (const [route, model] of paths) steps.add(route, model);
  return steps;
}
const workflow = [
  ['/plan', 'gpt-5'],
  ['/search', 'gpt-5-mini'],
  ['/answer', 'gpt-5'],
] as const;
const days = (times: number) => Array.from({ length: times }, () => workflow).flat();

describe('the steps of a key between routes and models', () => {
  it('are not new where the same workflow repeats', () => {
    expect(stepsOf(days(40)).newShare).toBe(0);
  });

  it('are new where a key begins to do other things, and are usual when it continues', () => {
    const before = days(40);
    const other = Array.from({ length: 12 }, (_, index) => [`/admin/${index}`, 'claude-opus'] as const);
    const share = stepsOf([...before, ...other]).newShare;
    expect(share).toBeGreaterThan(0.2);
    expect(stepsOf([...before, ...other, ...other, ...other, ...other]).newShare).toBeLessThan(share / 2);
  });

  it('are not judged of a key that has taken few', () => {
    expect(stepsOf(days(10)).newShare).toBe(0);
    expect(stepsOf([[undefined, 'gpt-5']]).newShare).toBe(0);
  });

  it('are those of models where no route is known', () => {
    const models = Array.from({ length: 70 }, () => [undefined, 'gpt-5'] as const);
    expect(stepsOf([...models, [undefined, 'claude-opus'], [undefined, 'gpt-5']]).newShare).toBeCloseTo(
      2 / 30,
    );
  });
});

describe('the entropy of prompts', () => {
  const entropyOf = (prints: readonly (string | undefined)[]): number => {
    const rhythm = new Rhythm();
    for (const [index, print] of prints.entries()) rhythm.add(index * 1_000, print);
    return rhythm.entropy;
  };

  it('is 0 for one prompt, 1 for different ones, and a half for two in turns of four', () => {
    expect(entropyOf(['a', 'a', 'a', 'a'])).toBe(0);
    expect(entropyOf(['a', 'b', 'c', 'd'])).toBeCloseTo(1);
    expect(entropyOf(['a', 'b', 'a', 'b'])).toBeCloseTo(0.5);
  });

  it('is that of the latest 32 requests', () => {
    const varied = Array.from({ length: 40 }, (_, index) => `p${index}`);
    expect(entropyOf([...varied, ...Array.from({ length: 32 }, () => 'same')])).toBe(0);
    expect(entropyOf([...Array.from({ length: 40 }, () => 'same'), ...varied])).toBeCloseTo(1);
  });

  it('is not known, hence as usual, without hashes of all of them', () => {
    expect(entropyOf([undefined, undefined, undefined])).toBe(1);
    expect(entropyOf(['a', 'a', undefined])).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { openai, proxy, type RouterOptions, router } from '../../src/index.js';

const provider = openai({ apiKey: 'sk-a' });
const model = { provider, model: 'gpt-5', quality: 0.9 };
const fine: RouterOptions = { models: [model], tasks: { simple: {} }, prices: () => undefined };

describe('router()', () => {
  it.each<[object, string]>([
    [{ models: [] }, 'router: "models" must be a non-empty array'],
    [{ models: [{ ...model, quality: { simpel: 1 } }] }, 'an object of such numbers by task (simple)'],
    [
      { models: [model, { ...model, provider: openai({ apiKey: 'k' }), model: 'gpt-5-mini' }] },
      'router: "models" must be at providers of different names ("openai" names two)',
    ],
    [{ asks: [] }, 'router: "asks" must be a non-empty array'],
    [{ models: [{ ...model, quality: 2 }] }, 'models[0]: "quality" must be a number from 0 to 1'],
    [{ models: [{ ...model, provider: 'openai' }] }, '"provider" must be a provider'],
    [{ models: [model, model] }, 'router: models[1]: openai/gpt-5 is there already'],
    [{ tasks: {} }, 'router: "tasks" must declare at least one task'],
    [{ tasks: { 'a b': {} } }, 'router: task "a b": a name is made of letters'],
    [{ tasks: { a: { floor: 1 } } }, 'router: task "a": unknown option "floor"'],
    [{ tasks: { a: { maxCost: '1e3' } } }, '"maxCost" must be dollars'],
    [{ tasks: { a: { weights: { 'gpt-5': 0 } } } }, '"weights" must be an object of positive numbers'],
    [{ tasks: { a: { weights: { 'gpt-4': 1 } } } }, 'router: task "a": "gpt-4" is none of its models'],
    [{ tasks: { a: { canary: { model: 'gpt-4', share: 0.1 } } } }, '"gpt-4" is none of its models'],
    [{ tasks: { a: { quality: 0.95 } } }, 'router: task "a": none of its models has quality 0.95 or more'],
    [
      { tasks: { a: { models: ['claude-*'] } } },
      'router: task "a": none of its models has quality 0 or more',
    ],
    [{ defaultTask: 'other' }, 'router: "defaultTask" must be one of "simple"'],
    [{ header: { name: 'x-task' } }, 'router: header: "scope" is required'],
    [{ sticky: true }, '"sticky" must be one of "caller", "conversation"'],
    [{ stick: 'caller' }, 'router: unknown option "stick"'],
    [{ prices: undefined }, 'router: "prices" is required'],
  ])('refuses %j at start', (wrong, message) => {
    expect(() => router({ ...fine, ...wrong })).toThrow(message);
  });

  it('is checked by proxy(), as is the task of a route', () => {
    const route = router(fine);
    expect(() => proxy({ route, task: 'simple' })).not.toThrow();
    expect(() => proxy({ route, task: 'other' })).toThrow('proxy: "task" must be a task of "route"');
    expect(() => proxy({ provider, task: 'simple' })).toThrow('proxy: "task" must be a task of "route"');
    expect(() => proxy({ provider, route: fine as never })).toThrow('"route" must be what router() returns');
    expect(() => proxy({})).toThrow('exactly one of "provider" and "providers" is required, or a "route"');
  });
});

import { describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import { rateLimit } from '../src/index.js';

const made = (options: object) => () => Reflect.apply(rateLimit, undefined, [options]);
const plans = definePlans({ free: { requests: '5/min' } });

describe('rateLimit throws at start', () => {
  const wrong: [what: string, options: object, message: string][] = [
    [
      'nothing to limit',
      {},
      'rateLimit: "plans" or "limits" is required; without them nothing would be limited',
    ],
    ['a misspelt option', { limit: '5/min' }, 'rateLimit: unknown option "limit" (did you mean "limits"?)'],
    [
      'plans that definePlans has not read',
      { plans: { free: { requests: '5/min' } } },
      'rateLimit: "plans" must be what definePlans returns, received an object',
    ],
    ['a limit that is none', { limits: '5 per minute' }, 'rateLimit: limits must be a limit such as'],
    ['a number as a limit', { limits: 5 }, 'rateLimit: "limits" must be a limit such as "100/min"'],
    ['no limit at all', { limits: [] }, 'rateLimit: "limits" must be a limit such as "100/min"'],
    [
      'a limit by model',
      { limits: { rate: '5/min', by: 'model' } },
      'rateLimit: "requests-min" is by "model"',
    ],
    ['a limit by month', { limits: '5/month' }, 'at most a week'],
    [
      'a burst above the rate',
      { limits: { rate: '5/min', burst: 6 } },
      '"burst" must be at most the rate\'s 5, received 6',
    ],
    [
      'two limits of one name',
      { limits: ['5/min', '6/min'] },
      'rateLimit: two limits are named "requests-min"',
    ],
    [
      "a limit named as a plan's",
      { plans, limits: '9/min' },
      'rateLimit: two limits are named "requests-min"',
    ],
    [
      'a store instead of a factory',
      { limits: '5/min', stores: {} },
      'rateLimit: "stores" must be a function, received an empty object',
    ],
    [
      'a wide IPv6 network',
      { limits: '5/min', ipv6Subnet: 16 },
      'rateLimit: "ipv6Subnet" must be an integer from 32 to 128, or false, received 16',
    ],
    [
      'a policy that does not exist',
      { limits: '5/min', whenStoreDown: 'ignore' },
      'rateLimit: "whenStoreDown" must be one of "local", "open", "closed", received "ignore"',
    ],
    [
      'half a process',
      { limits: '5/min', expectedProcesses: 0.5 },
      'rateLimit: "expectedProcesses" must be a positive integer, received 0.5',
    ],
    [
      'a deadline as text',
      { limits: '5/min', storeDeadlineMs: '150' },
      'rateLimit: "storeDeadlineMs" must be a positive integer, received "150"',
    ],
    ['a name with spaces', { limits: '5/min', name: 'my limits' }, 'rateLimit: "name" must be a short name'],
    [
      'an unknown mode',
      { limits: '5/min', mode: 'dry' },
      'rateLimit: "mode" must be one of "enforce", "shadow", "off", received "dry"',
    ],
  ];
  it.each(wrong)('on %s', (_what, options, message) => {
    expect(made(options)).toThrow(message);
  });

  it('when it is made inside a request handler, as express-rate-limit says', () => {
    const handleRequest = { 'Layer.handleRequest': made({ limits: '5/min' }) };
    expect(() => handleRequest['Layer.handleRequest']()).toThrow('should be created at app initialization');
  });
});

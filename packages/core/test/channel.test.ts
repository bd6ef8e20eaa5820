import { describe, expect, it, jest } from '@jest/globals';
import { publish, subscribe, subscriberFaultCount } from '../src/channel.js';
import { forgetWarnings, warnOnce } from '../src/warning.js';

describe('channels', () => {
  it('publish frozen facts, and survive a listener that throws', () => {
    const seen: unknown[] = [];
    const before = subscriberFaultCount();
    const stop = subscribe('tollgate:settle', (facts) => {
      seen.push(Object.isFrozen(facts), facts);
      throw new Error('broken listener');
    });
    publish('tollgate:settle', () => ({ costNanoUsd: '5' }));
    stop();
    publish('tollgate:settle', () => ({ costNanoUsd: '6' }));
    expect(seen).toEqual([true, { costNanoUsd: '5' }]);
    expect(subscriberFaultCount()).toBe(before + 1);
  });

  it('do not compute facts that nobody hears', () => {
    const facts = jest.fn(() => ({}));
    publish('tollgate:upstream', facts);
    expect(facts).not.toHaveBeenCalled();
  });

  it('carry each warning once', () => {
    forgetWarnings();
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    warnOnce('TOLLGATE_W_ORDER', 'a');
    warnOnce('TOLLGATE_W_ORDER', 'b');
    expect(emit.mock.calls).toEqual([['a', { type: 'TollgateWarning', code: 'TOLLGATE_W_ORDER' }]]);
    emit.mockRestore();
    forgetWarnings();
  });
});

import { channel as diagnosticsChannel } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import {
  type ChannelName,
  publish as publishWhole,
  subscribe,
  subscriberFaultCount,
} from '../../src/lib/channel.js';
import { forgetWarnings, warnOnce } from '../../src/lib/warning.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

describe('the names of channels', () => {
  it('are known to subscribe(), which refuses others and suggests the nearest', () => {
    // @ts-expect-error a name that is not a channel
    expect(() => subscribe('tollgate:refuze', () => undefined)).toThrow(
      'subscribe: expected the name of a channel, received "tollgate:refuze" (did you mean "tollgate:refuse"?)',
    );
  });

  it('tell the type of the payload', () => {
    const end = subscribe('tollgate:refuse', ({ status, shadow }) => {
      const known: [number, boolean | undefined] = [status, shadow];
      void known;
      // @ts-expect-error no such field
      subscribe('tollgate:refuse', ({ prompt }) => prompt);
    });
    expect(end).toBeInstanceOf(Function);
    end();
  });
});

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

  it('keep their subscribers when memory is collected after they were used without any', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    publish('tollgate:threshold', () => ({}));
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const heard: unknown[] = [];
    const stop = subscribe('tollgate:threshold', (facts) => heard.push(facts));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    publish('tollgate:threshold', () => ({ share: 0.5 }));
    stop();
    expect(heard).toEqual([{ share: 0.5 }]);
  });

  it('do not compute facts that nobody hears', () => {
    // Channels are Node's own, and other tests ran in this process before.
    const all = ['tollgate:upstream', 'tollgate:threshold', 'tollgate:warning', 'tollgate:alert'] as const;
    const unheard = all.filter((name) => !diagnosticsChannel(name).hasSubscribers);
    const facts = jest.fn(() => ({}));
    for (const name of unheard) publish(name, facts);
    expect(unheard).not.toEqual([]);
    expect(facts).not.toHaveBeenCalled();
  });

  it('carry each warning once', () => {
    forgetWarnings();
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    warnOnce('TOLLGATE_W_ORDER', 'a');
    warnOnce('TOLLGATE_W_ORDER', 'b');
    const detail = 'Explained in docs/errors.md of the package @tollgate/core, under TOLLGATE_W_ORDER.';
    expect(emit.mock.calls).toEqual([['a', { type: 'TollgateWarning', code: 'TOLLGATE_W_ORDER', detail }]]);
    emit.mockRestore();
    forgetWarnings();
  });
});

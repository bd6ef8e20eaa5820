import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { memoryKeys, memorySwitch, openai } from 'tollgate';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';

const trustOf = (text: string | undefined) => readConfig({ TRUST_PROXY: text }).trustProxy;

describe('TRUST_PROXY', () => {
  it('is nobody unless it says who, and never everybody', () => {
    expect([undefined, '', '0'].map(trustOf)).toEqual([false, false, false]);
    expect(trustOf('2')).toBe(2);
    expect(trustOf('loopback, 10.0.0.0/8,2001:db8::/32')).toBe('loopback,10.0.0.0/8,2001:db8::/32');
    for (const wrong of [
      'true',
      '-1',
      '10',
      '1.5',
      'localhost',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '10.0.0.0/8/9',
      'a,b',
    ]) {
      expect(() => trustOf(wrong)).toThrow(
        /^TRUST_PROXY must be the number of proxies before this one, 0 to 9/,
      );
    }
  });

  /** Statuses of wrong keys that each say another client in `X-Forwarded-For`, and then one of the first client again. */
  async function statuses(trustProxy: number | false, count: number): Promise<number[]> {
    const { app, tg } = createApp({
      keys: memoryKeys(),
      sinks: [],
      providers: [openai({ apiKey: 'none' })],
      off: memorySwitch(),
      alerts: undefined,
      metricsToken: undefined,
      watchActs: false,
      maxInFlight: 5,
      trustProxy,
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/models`;
    const seen: number[] = [];
    for (let client = 0; client < count; client += 1) {
      const headers = { authorization: `Bearer wrong${client}`, 'x-forwarded-for': `198.51.100.${client}` };
      seen.push((await fetch(url, { headers })).status);
    }
    server.closeAllConnections();
    server.close();
    await tg.close();
    return seen;
  }

  it('decides whose address wrong keys are counted for', async () => {
    expect(new Set(await statuses(1, 40))).toEqual(new Set([401]));
    // Nobody is believed: all of them come from this machine, and are refused from the 31st on.
    const refused = await statuses(false, 40);
    expect(refused.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(new Set(refused.slice(30))).toEqual(new Set([429]));
  });
});

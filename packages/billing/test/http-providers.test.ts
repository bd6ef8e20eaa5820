import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BillingProvider, lago, lagoRequest, openMeter, openMeterRequest } from '../src/index.js';

const event = {
  identifier: 'tollgate_abc',
  meter: 'ai_tokens',
  tenant: 'acme',
  customer: 'cust-1',
  quantity: '12345678901234567',
  atMs: Date.UTC(2026, 10, 1, 0, 30, 0, 250),
};
const token = 'secret';

describe('the request for an event', () => {
  it('is a CloudEvent for OpenMeter', () => {
    const { body, ...rest } = openMeterRequest(event, { url: 'https://openmeter.example/', token });
    expect(rest).toEqual({
      method: 'POST',
      url: 'https://openmeter.example/api/v1/events',
      headers: { 'content-type': 'application/cloudevents+json', authorization: 'Bearer secret' },
    });
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id: 'tollgate_abc',
      source: 'tollgate',
      type: 'ai_tokens',
      subject: 'cust-1',
      time: '2026-11-01T00:30:00.250Z',
      datacontenttype: 'application/json',
      data: { value: '12345678901234567' },
    });
  });

  it('is an event of a subscription for Lago', () => {
    const { body, ...rest } = lagoRequest(event, { url: 'https://lago.example', token });
    expect(rest).toEqual({
      method: 'POST',
      url: 'https://lago.example/api/v1/events',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    });
    expect(JSON.parse(body)).toEqual({
      event: {
        transaction_id: 'tollgate_abc',
        external_subscription_id: 'cust-1',
        code: 'ai_tokens',
        timestamp: '1793493000.250',
        properties: { value: '12345678901234567' },
      },
    });
  });
});

describe('OpenMeter and Lago', () => {
  let server: Server;
  let url: string;
  let reply: { status: number; body?: unknown; headers?: Record<string, string> };
  let received: { path: string | undefined; authorization: string | undefined; body: unknown }[];

  beforeEach(async () => {
    received = [];
    server = createServer(async (req, res) => {
      const { authorization } = req.headers;
      received.push({ path: req.url, authorization, body: JSON.parse(await text(req)) });
      res.writeHead(reply.status, reply.headers);
      res.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const both: [string, (options: { url: string; token: string }) => BillingProvider][] = [
    ['OpenMeter', openMeter],
    ['Lago', lago],
  ];

  it.each(both)('%s takes an event', async (_, make) => {
    reply = { status: 204 };
    expect(await make({ url, token }).send(event)).toEqual({ kind: 'taken' });
    expect(received).toMatchObject([{ path: '/api/v1/events', authorization: 'Bearer secret' }]);
  });

  it.each(both)('%s fails, and says for how long', async (_, make) => {
    reply = { status: 429, headers: { 'retry-after': '7' } };
    expect(await make({ url, token }).send(event)).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 });
    reply = { status: 401, body: { error: 'Unauthorized' } };
    expect(await make({ url, token }).send(event)).toMatchObject({ kind: 'failed' });
    server.close();
    server.closeAllConnections();
    expect(await make({ url, token }).send(event)).toMatchObject({ kind: 'failed', unknown: true });
  });

  it.each(both)('%s refuses what it cannot take', async (_, make) => {
    reply = { status: 400, body: { error: 'invalid code' } };
    expect(await make({ url, token }).send(event)).toEqual({
      kind: 'refused',
      reason: '400: {"error":"invalid code"}',
    });
  });

  it('Lago has an event whose transaction it knows', async () => {
    const error_details = { transaction_id: ['value_already_exist'] };
    reply = { status: 422, body: { status: 422, code: 'validation_errors', error_details } };
    expect(await lago({ url, token }).send(event)).toEqual({ kind: 'taken' });
    reply = { status: 422, body: { status: 422, error_details: { code: ['metric_not_found'] } } };
    expect(await lago({ url, token }).send(event)).toMatchObject({ kind: 'refused' });
  });

  it.each(both)('%s wants an address and a token, and shows no token', (_, make) => {
    expect(() => make({ url: 'lago', token })).toThrow(/"url" must be an http\(s\) address/);
    expect(() => make({ url, token: 'to ken' })).toThrow(/"token" must be visible ASCII characters/);
    expect(() => make({ url, token: 'to ken' })).not.toThrow(/to ken/);
  });
});

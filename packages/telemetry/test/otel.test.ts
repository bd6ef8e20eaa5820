import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { UsageEvent } from '@tollgate/core';
import { publish } from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';
import express from 'express';
import request from 'supertest';
import { type ConventionVersion, otel } from '../src/index.js';

interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}
interface Span {
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code: number };
}
interface Point {
  readonly attributes: readonly Attribute[];
  readonly sum?: number;
  readonly asDouble?: number;
  readonly asInt?: number;
  readonly explicitBounds?: readonly number[];
}
interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

/** A collector's OTLP/HTTP receiver, as far as the exporters use it. */
let collector: Server;
let url = '';
let received: { spans: Span[]; metrics: Metric[] };
beforeAll(async () => {
  collector = createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    req.on('end', () => {
      const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(text);
      for (const { scopeSpans } of resourceSpans)
        for (const { spans } of scopeSpans) received.spans.push(...spans);
      for (const { scopeMetrics } of resourceMetrics) {
        for (const { metrics } of scopeMetrics) received.metrics.push(...metrics);
      }
      res.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address = collector.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => void collector.close());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const admittedAt = '2026-11-01T00:00:00.000Z';
const settled = (facts: Partial<UsageEvent> = {}): UsageEvent =>
  usageEvent({
    ...{
      admittedAt,
      requestId: 'request-1',
      tenant: 'acme',
      provider: 'azure',
      requestedModel: 'gpt-5',
      model: 'gpt-5-mini',
    },
    ...{
      route: '/v1/chat/completions',
      inputTokens: 100,
      cachedInputTokens: 40,
      outputTokens: 30,
      reasoningTokens: 10,
    },
    ...{ costNanoUsd: '2500000000', latencyMs: 900, timeToFirstTokenMs: 200, outcome: 'ok', status: 200 },
    ...facts,
  });

/** Sends events through the official SDK and exporters; returns what the collector got. */
async function sent(
  events: readonly UsageEvent[],
  options: { conventions?: ConventionVersion; tenants?: boolean } = {},
) {
  received = { spans: [], metrics: [] };
  const traces = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }))],
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
  });
  const meters = new MeterProvider({ readers: [reader] });
  const one = otel({ tracer: traces.getTracer('tollgate'), meter: meters.getMeter('tollgate'), ...options });
  closing.push(
    () => one.close(),
    () => traces.shutdown(),
    () => meters.shutdown(),
  );
  for (const event of events) await one.sink.write(event);
  publish('tollgate:refuse', () => ({
    requestId: 'r',
    code: 'budget_exceeded',
    status: 402,
    tenant: 'acme',
    keyId: 'k',
  }));
  await traces.forceFlush();
  await meters.forceFlush();
  return received;
}

const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
const pointsOf = (metrics: readonly Metric[], name: string) => {
  const metric = metrics.find((one) => one.name === name);
  return (metric?.sum ?? metric?.histogram)?.dataPoints ?? [];
};

describe('otel(), received by a collector', () => {
  it('makes a span of each attempt, with its times, tokens and cost, and nothing of a prompt', async () => {
    const { spans } = await sent([settled(), settled({ kind: 'adjustment' })]);
    expect(spans).toHaveLength(1);
    const [span] = spans as [Span];
    const startNano = BigInt(Date.parse(admittedAt)) * 1_000_000n;
    expect(span).toMatchObject({ name: 'chat gpt-5-mini', kind: 3, status: { code: 0 } });
    expect(span.parentSpanId).toBeUndefined();
    expect(BigInt(span.startTimeUnixNano)).toBe(startNano);
    expect(BigInt(span.endTimeUnixNano) - startNano).toBe(900_000_000n);
    expect(span.events.map(({ name }) => name)).toEqual(['first token']);
    expect(valuesOf(span.attributes)).toEqual({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'azure.ai.openai' },
      ...{ 'gen_ai.request.model': 'gpt-5', 'gen_ai.response.model': 'gpt-5-mini' },
      ...{ 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30 },
      ...{ 'tollgate.request_id': 'request-1', 'tollgate.attempt': 1, 'tollgate.plan': expect.any(String) },
      ...{ 'tollgate.cost_usd': 2.5, 'tollgate.usage_source': 'provider' },
    });
  });

  it.each([
    [{ outcome: 'error', status: 503 }, '503'],
    [{ outcome: 'aborted', status: 200, uncertain: true }, 'aborted'],
  ] as const)('marks %j as failed', async (facts, errorType) => {
    const [span] = (await sent([settled(facts)])).spans as [Span];
    expect([span.status.code, valuesOf(span.attributes)['error.type']]).toEqual([2, errorType]);
  });

  it('measures tokens and durations by the names and bounds of 1.36', async () => {
    const { metrics } = await sent([settled(), settled({ outputTokens: 70, timeToFirstTokenMs: undefined })]);
    const tokens = pointsOf(metrics, 'gen_ai.client.token.usage');
    const byType = tokens.map(({ attributes, sum }) => [valuesOf(attributes)['gen_ai.token.type'], sum]);
    expect(Object.fromEntries(byType)).toEqual({ input: 200, output: 100 });
    expect(tokens[0]?.explicitBounds?.slice(0, 4)).toEqual([1, 4, 16, 64]);
    const [duration] = pointsOf(metrics, 'gen_ai.client.operation.duration');
    expect(duration?.sum).toBeCloseTo(1.8);
    expect(pointsOf(metrics, 'gen_ai.client.operation.time_to_first_chunk')[0]?.sum).toBeCloseTo(0.2);
    expect(pointsOf(metrics, 'tollgate.cost')[0]?.asDouble).toBeCloseTo(5);
    const [refused] = pointsOf(metrics, 'tollgate.refusals');
    expect(valuesOf(refused?.attributes ?? [])).toEqual({
      'error.type': 'budget_exceeded',
      'http.response.status_code': 402,
    });
  });

  it('uses the names of the development version by option: an instrument for each kind of token', async () => {
    const { metrics, spans } = await sent([settled()], { conventions: '2026-09' });
    const sums = metrics
      .filter(({ name }) => name.startsWith('gen_ai.client.inference.usage.'))
      .map(({ name, sum }) => [
        name.slice('gen_ai.client.inference.usage.'.length),
        sum?.dataPoints[0]?.asDouble ?? sum?.dataPoints[0]?.asInt,
      ]);
    expect(Object.fromEntries(sums)).toEqual({
      ...{
        input_tokens: 100,
        output_tokens: 30,
        'cache_read.input_tokens': 40,
        'cache_write.input_tokens': 0,
      },
      'reasoning.output_tokens': 10,
    });
    expect(metrics.some(({ name }) => name === 'gen_ai.client.token.usage')).toBe(false);
    const [input] = pointsOf(metrics, 'gen_ai.client.inference.usage.input_tokens');
    expect(valuesOf(input?.attributes ?? [])).toMatchObject({
      'gen_ai.token.modality': 'unknown',
      'gen_ai.provider.name': 'azure.ai.openai',
    });
    expect(valuesOf(spans[0]?.attributes ?? [])['gen_ai.usage.cache_read.input_tokens']).toBe(40);
  });

  it('makes spans children of what is active when an attempt begins, behind its middleware', async () => {
    received = { spans: [], metrics: [] };
    const traces = new BasicTracerProvider({
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }))],
    });
    const tracer = traces.getTracer('app');
    const server = tracer.startSpan('POST /chat');
    const one = otel({ tracer, activeContext: () => trace.setSpan(ROOT_CONTEXT, server) });
    closing.push(
      () => one.close(),
      () => traces.shutdown(),
    );
    let eventId = '';
    const app = express().use(one.middleware(), (req, res, next) => {
      Promise.resolve(req.tollgate.calls.begin({ method: 'POST', url: '/', headers: {}, body: {} })).then(
        (handle) => {
          eventId = handle.call.attemptId;
          res.json({});
        },
        next,
      );
    });
    await request(app).post('/chat').expect(200);
    await one.sink.write(settled({ eventId }));
    await one.sink.write(settled({ eventId })); // given twice after a fault
    await traces.forceFlush();
    const [child, root] = received.spans;
    const { traceId, spanId } = server.spanContext();
    expect(child).toMatchObject({ traceId, parentSpanId: spanId });
    expect(root?.parentSpanId).toBeUndefined();
    expect(() => otel({ tracer }).middleware()).toThrow(
      'otel: middleware() needs the option "activeContext"',
    );
  });

  it('names tenants by option only', async () => {
    const quiet = await sent([settled()]);
    expect(JSON.stringify(quiet)).not.toContain('acme');
    const named = await sent([settled()], { tenants: true });
    expect(valuesOf(named.spans[0]?.attributes ?? [])['tollgate.tenant']).toBe('acme');
  });

  it.each([
    [{}, 'otel: "tracer" or "meter" is required'],
    [{ tracer: {} }, 'otel: "tracer" must be an object with startSpan()'],
    [
      { meter: { createCounter: () => 1, createHistogram: () => 1 }, conventions: '1.37' },
      'otel: "conventions" must be one of "1.36", "2026-09"',
    ],
    [{ trace: 1 }, 'otel: unknown option "trace"'],
  ])('refuses to start with %j', (options, message) => {
    expect(() => otel(options as never)).toThrow(message);
  });
});

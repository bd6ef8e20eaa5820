import { subscribe, type UsageEvent, type UsageSink } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import type { Attributes, ContextLike, MeterLike, TracerLike } from './api.js';
import {
  type ConventionVersion,
  conventions,
  conventionVersions,
  durationBuckets,
  firstChunkBuckets,
  operationOf,
  providerOf,
  tokenBuckets,
} from './conventions.js';
import { Parents } from './parents.js';

/** Options of {@link otel}. */
export interface OtelOptions {
  /** From `trace.getTracer('tollgate')` of `@opentelemetry/api`. @defaultValue none: no spans */
  tracer?: TracerLike;
  /** From `metrics.getMeter('tollgate')`. @defaultValue none: no metrics */
  meter?: MeterLike;
  /**
   * From OpenTelemetry's `context.active`: what is active when an attempt begins. With it and {@link Otel.middleware}, spans of attempts are
   * children of the span that is active then. @defaultValue none: each is a root
   */
  activeContext?: () => ContextLike;
  /** Which names are used. @defaultValue '1.36' */
  conventions?: ConventionVersion;
  /** Whether spans and metrics carry the tenant. Readers then learn the names of the customers. @defaultValue false */
  tenants?: boolean;
}

/** Traces and metrics of one process. */
export interface Otel {
  /** Give it among the `sinks` of `tollgate()`: a span and measurements for each settled attempt. */
  readonly sink: UsageSink;
  /** Mount it before the guards, with `activeContext`, which it needs: it links the attempts of a request to the app's trace. */
  middleware(): RequestHandler;
  /** Stops counting refusals. */
  close(): void;
}

type Tokens = keyof (typeof conventions)['2026-09']['spanTokens'];

/**
 * Traces and metrics by OpenTelemetry's conventions for generative AI. Each settled attempt becomes a span `chat <model>` with the times of the
 * attempt: `tollgate.request_id` links the attempts of a request, and is the response header `x-request-id`. Nothing of a prompt or
 * answer is in it. Throws a `TypeError` for a wrong or unknown option.
 */
export function otel(options: OtelOptions): Otel {
  checkOptions<OtelOptions>('otel', options, {
    tracer: accepts.methods('startSpan'),
    meter: accepts.methods('createCounter', 'createHistogram'),
    activeContext: accepts.function,
    conventions: accepts.oneOf(...conventionVersions),
    tenants: accepts.boolean,
  });
  const { tracer, meter, activeContext, conventions: version = '1.36', tenants = false } = options;
  const parents = new Parents();
  if (!tracer && !meter)
    throw new TypeError('otel: "tracer" or "meter" is required: there is nothing to send to');
  const names = conventions[version];
  const spanTokens = Object.entries(names.spanTokens);

  const attributesOf = (event: UsageEvent): Attributes => ({
    'gen_ai.operation.name': operationOf(event),
    [names.provider]: providerOf(event),
    'gen_ai.request.model': event.requestedModel,
    'gen_ai.response.model': event.model,
    ...(tenants && { 'tollgate.tenant': event.tenant }),
    ...(event.outcome !== 'ok' && {
      'error.type': event.status >= 400 ? String(event.status) : event.outcome,
    }),
  });
  const measure = meter && measurements(meter, version);

  const ends = meter ? [refusals(meter)] : [];
  return {
    sink: {
      write(event) {
        if (event.kind !== 'usage') return; // corrections come later, and belong to no operation
        const attributes = attributesOf(event);
        if (tracer) span(tracer, event, attributes);
        measure?.(event, attributes);
      },
    },
    middleware: () => {
      if (!activeContext) throw new TypeError('otel: middleware() needs the option "activeContext"');
      return parents.middleware(activeContext);
    },
    close: () => {
      for (const end of ends) end();
    },
  };

  function span(to: TracerLike, event: UsageEvent, attributes: Attributes): void {
    const startMs = Date.parse(event.admittedAt);
    const name = `${attributes['gen_ai.operation.name']} ${event.model}`;
    const parent = parents.take(event.eventId);
    const made = to.startSpan(
      name,
      { kind: clientKind, startTime: startMs, attributes, root: parent === undefined },
      parent,
    );
    if (!made.isRecording()) {
      made.end();
      return;
    }
    for (const [field, attribute] of spanTokens) {
      made.setAttribute(attribute, event[field as Tokens]);
    }
    made.setAttributes({
      ...{
        'tollgate.request_id': event.requestId,
        'tollgate.attempt': event.attempt,
        'tollgate.plan': event.plan,
      },
      'tollgate.cost_usd': Number(event.costNanoUsd) / 1e9,
      'tollgate.usage_source': event.source,
      ...(event.uncertain && { 'tollgate.uncertain': true }),
    });
    if (event.timeToFirstTokenMs !== undefined)
      made.addEvent('first token', startMs + event.timeToFirstTokenMs);
    if (event.outcome !== 'ok') made.setStatus({ code: errorStatus, message: event.outcome });
    made.end(startMs + event.latencyMs);
  }
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of `@opentelemetry/api`, of which only types are needed here. */
const clientKind = 2;
const errorStatus = 2;

function measurements(meter: MeterLike, version: ConventionVersion) {
  const names = conventions[version];
  const histogram = (name: string, unit: string, buckets: number[]) =>
    meter.createHistogram(name, { unit, advice: { explicitBucketBoundaries: buckets } });
  const duration = histogram(names.duration, 's', durationBuckets);
  const firstChunk = histogram(names.firstChunk, 's', firstChunkBuckets);
  const usage =
    names.tokenUsage === undefined ? undefined : histogram(names.tokenUsage, '{token}', tokenBuckets);
  const counters = Object.entries(names.tokenCounters).map(
    ([field, name]) => [field as Tokens, meter.createCounter(name, { unit: '{token}' })] as const,
  );
  const histograms = Object.entries(names.tokenHistograms).map(
    ([field, name]) => [field as Tokens, histogram(name, '{token}', tokenBuckets)] as const,
  );
  const cost = meter.createCounter('tollgate.cost', { unit: 'USD' });
  return (event: UsageEvent, attributes: Attributes): void => {
    duration.record(event.latencyMs / 1_000, attributes);
    if (event.timeToFirstTokenMs !== undefined)
      firstChunk.record(event.timeToFirstTokenMs / 1_000, attributes);
    usage?.record(event.inputTokens, { ...attributes, 'gen_ai.token.type': 'input' });
    usage?.record(event.outputTokens, { ...attributes, 'gen_ai.token.type': 'output' });
    // Usage events do not tell text from images and audio.
    const modal = { ...attributes, 'gen_ai.token.modality': 'unknown' };
    for (const [field, counter] of counters) counter.add(event[field], modal);
    for (const [field, one] of histograms) one.record(event[field], attributes);
    cost.add(Math.max(0, Number(event.costNanoUsd)) / 1e9, { ...attributes, 'tollgate.plan': event.plan });
  };
}

function refusals(meter: MeterLike): () => void {
  const counter = meter.createCounter('tollgate.refusals', { unit: '{request}' });
  return subscribe('tollgate:refuse', ({ code, status, shadow }) => {
    if (shadow !== true)
      counter.add(1, { 'error.type': String(code), 'http.response.status_code': Number(status) });
  });
}

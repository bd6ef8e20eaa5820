/**
 * CPU of telemetry for one request: the five messages that a metered request publishes, and its usage event, without listeners, with
 * `metrics()`, and with `otel()` on an SDK whose sampler takes no trace. Prints microseconds, medians of interleaved rounds.
 */
import { metrics as otelMetrics } from '@opentelemetry/api';
import { AlwaysOffSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { newId, publish } from '@tollgate/core/internal';
import { metrics, otel } from '@tollgate/telemetry';
import type { UsageSink } from 'tollgate';
import { ledgerEvent } from '../ledger-event.js';
import { median } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 15);
const requests = 20_000;
const event = ledgerEvent('acme', Date.now(), 100, 125_000n);
const requestId = newId();

function request(sink: UsageSink | undefined): void {
  publish('tollgate:auth', () => ({ requestId, outcome: 'ok', tenant: 'acme', keyId: 'k' }) as never);
  publish('tollgate:rate-limit', () => ({ requestId, plan: 'pro', outcome: 'admitted' }) as never);
  publish('tollgate:reserve', () => ({ operation: 'reserve', id: requestId, partition: 'acme', ok: true }));
  publish('tollgate:upstream', () => ({
    requestId,
    provider: 'openai',
    api: 'openai-chat',
    status: 200,
    outcome: 'ok',
    attempt: 1,
  }));
  publish('tollgate:settle', () => ({ requestId, outcome: 'charged' }));
  void sink?.write(event);
}

function measure(sink: UsageSink | undefined): number {
  const before = process.cpuUsage();
  for (let index = 0; index < requests; index += 1) request(sink);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

const tracer = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer('bench');
const kinds: Readonly<Record<string, () => number>> = {
  'no listeners': () => measure(undefined),
  'metrics()': () => {
    const one = metrics();
    measure(one.sink); // labels are learned
    const cost = measure(one.sink);
    one.close();
    return cost;
  },
  'otel(), no trace sampled': () => {
    const one = otel({ tracer, meter: otelMetrics.getMeter('bench') });
    const cost = measure(one.sink);
    one.close();
    return cost;
  },
};
const figures = Object.fromEntries(Object.keys(kinds).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(kinds)) figures[name]?.push(run());
}
for (const [name, values] of Object.entries(figures)) {
  console.log(`| ${name} | ${median(values).toFixed(2)} µs | least ${Math.min(...values).toFixed(2)} |`);
}

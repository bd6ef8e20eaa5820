/**
 * The parts of `@opentelemetry/api` that are used, described here: an app without OpenTelemetry must be able to compile against this package.
 */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

interface SpanLike {
  isRecording(): boolean;
  setAttribute(name: string, value: string | number | boolean): unknown;
  setAttributes(attributes: Attributes): unknown;
  addEvent(name: string, timeMs: number): unknown;
  setStatus(status: object): unknown;
  end(timeMs?: number): void;
}

/** A `Tracer`. */
export interface TracerLike {
  startSpan(name: string, options: object, context?: ContextLike): SpanLike;
}

/** A `Context`, which is only passed on. */
export interface ContextLike {
  getValue(key: symbol): unknown;
}

/** A `Meter`. */
export interface MeterLike {
  createCounter(name: string, options: object): { add(value: number, attributes: Attributes): void };
  createHistogram(name: string, options: object): { record(value: number, attributes: Attributes): void };
}

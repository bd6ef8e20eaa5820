export { type MeteredFetchOptions, meteredFetch } from './fetch/metered-fetch.js';
export { type LabelHeader, type Labels, labels } from './labels.js';
export { meter } from './meter.js';
export type { MeterOptions } from './meter-options.js';
export type { PriceDeclaration, PriceDeclarations } from './prices/declared-price.js';
export type { ParseOptions, ToolDeclaration, WorstCase } from './requests/parse-options.js';
export { type RunWithOptions, runWith } from './run-with.js';
export { callbackSink } from './sinks/callback-sink.js';
export { type JsonLinesOptions, type JsonLinesSink, jsonLines } from './sinks/json-lines.js';

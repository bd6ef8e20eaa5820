/** Names that Tollgate's packages share. They may change in any release. */
export type { TokenCount } from './answer/answer.js';
export { completed, type Fields, fieldsOf, type ReportedUsage } from './answer/reported-usage.js';
export { formatOfUsage } from './formats.js';
export { isObject } from './request/json.js';
export { checkFields, checkNestedNames } from './request/known-fields.js';
export { OutgoingBody } from './request/outgoing-body.js';
export { declarationOf } from './request/read-options.js';
export { invalidValueError, notPriced, unsupportedError } from './request/refusals.js';
export type { MediaCount, RequestFacts, ToolUse } from './request/request-facts.js';
export { urlWithModel } from './route/model-url.js';
export { pathOf } from './route/url-path.js';
export { asksForEvents } from './stream/asks-for-events.js';
export { SseData } from './stream/sse-data.js';
export { type FrameReader, SseFrames } from './stream/sse-frames.js';
export { endsStream } from './stream/stream-end.js';

import { publish } from '@tollgate/core/internal';

/** Header fields of W3C Trace Context; others are ignored. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>` */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** The fields that an app's function gives, as far as they are valid; none where it throws. */
export function traceHeaders(given: (() => TraceContext) | undefined): TraceContext {
  if (!given) return {};
  try {
    const { traceparent = '', tracestate = '' } = given();
    if (!/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) return {};
    return /^[\x20-\x7e]{1,512}$/.test(tracestate) ? { traceparent, tracestate } : { traceparent };
  } catch (error) {
    publish('tollgate:fault', () => ({ source: 'proxy', what: 'traceContext', error: String(error) }));
    return {};
  }
}

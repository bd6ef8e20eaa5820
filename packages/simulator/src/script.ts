import type { Json } from './json.js';
import type { TokenUsage } from './token-usage.js';
import type { ToolCall } from './tool-call.js';

/** Where a response stops early. Chunks are the events of a stream; a JSON response is one chunk. Bytes are of the body as sent. */
export type StopPoint = 'before-headers' | { afterChunks: number } | { afterBytes: number };

/**
 * How the usage on the wire differs from the actual one; a function receives the correct wire object and returns the one to send
 * (`undefined`: no field).
 */
export type WrongUsage =
  | 'absent'
  | 'null'
  | 'zero'
  | 'negative'
  | 'string'
  | 'absurd'
  | 'fraction'
  | 'twice'
  | ((usage: Json) => Json | undefined);

/** The model's text and its usage. */
export interface AnswerScript {
  /** The text of the answer, one token per word. Default: a plausible answer built from the prompt. */
  text?: string;
  /** Words the model would generate if nothing capped it, an integer ≥ 0. @defaultValue 24 */
  tokens?: number;
  /** The request's output cap is read and not obeyed. @defaultValue false */
  ignoreCap?: boolean;
  /** Forces (`{ name, arguments }`) or forbids (`false`) a tool call. Default: decided by the request. */
  toolCall?: ToolCall | false;
  /** Actual usage, field by field, in place of the figures derived from the request. `outputTokens` is not scriptable: use `tokens`. */
  usage?: Partial<Omit<TokenUsage, 'outputTokens'>>;
  /** The model named in the answer. Default: the requested one. */
  responseModel?: string;
  /** The service tier named in the response. Default: the requested one, `default` (OpenAI) or `standard` (Anthropic). */
  serviceTier?: string;
  /** Anthropic: the speed named in the usage. Default: the requested one. */
  speed?: string;
  /** Azure's content filter stops the prompt (a 400) or the completion (`finish_reason: content_filter`). */
  contentFilter?: 'prompt' | 'completion';
  /** Anthropic: number of cumulative `message_delta` usages in a stream, ≥ 1. @defaultValue 1 */
  usageDeltas?: number;
  /** Wrong usage on the wire. The provider's accounts keep the actual one. */
  wrongUsage?: WrongUsage;
}

/** The speed of a response. */
interface PaceScript {
  /** Milliseconds before the headers. @defaultValue 0 */
  firstByteDelayMs?: number;
  /** Milliseconds before each chunk of a stream. @defaultValue 0 (all at once) */
  chunkDelayMs?: number;
  /** The same as a speed: tokens, that is chunks, per second. */
  tokensPerSecond?: number;
}

/** The faults of a response. */
export interface FaultScript {
  /** Answers with this status and the provider's own error body. Any 4xx or 5xx. */
  status?: number;
  /** Code of an error answer in place of the usual one, e.g. `insufficient_quota`. */
  errorCode?: string;
  /** `retry-after` of an error answer, in seconds. */
  retryAfterSeconds?: number;
  /** `retry-after-ms` of an error answer, in milliseconds. */
  retryAfterMs?: number;
  /** Sends nothing more and keeps the connection open. */
  hang?: StopPoint;
  /** Destroys the socket. */
  reset?: StopPoint;
  /** Makes `reset` a TCP RST (which may overtake bytes just sent) instead of a plain close. @defaultValue false */
  resetWithRst?: boolean;
  /** Ends the answer early, but properly. */
  end?: StopPoint;
  /** After this many chunks of a 200 stream, an error event in the provider's format, then the end. */
  errorEventAfterChunks?: number;
  /** Generates, and bills, the whole answer although its client has left. @defaultValue false */
  finishesAlone?: boolean;
  /** Answers 307 with this location. */
  redirectTo?: string;
  /** Destroys the socket as soon as the response has been sent although it promised keep-alive, or when the next request arrives on it. */
  closeConnection?: 'after-answer' | 'on-next-request';
}

/** The form of a response on the wire. */
export interface FramingScript {
  /** Line end of the stream. @defaultValue '\n' */
  lineEnd?: '\n' | '\r\n' | '\r';
  /** A comment line before every event. @defaultValue false */
  comments?: boolean;
  /** `data: {…}` (true) or `data:{…}` (false). @defaultValue true */
  dataSpace?: boolean;
  /** The JSON of each event spread over several `data:` lines. @defaultValue false */
  multiLineData?: boolean;
  /** Whether the stream's last word is sent: `[DONE]` or `message_stop`. @defaultValue true */
  done?: boolean;
  /** An `obfuscation` padding field in every event. Default: OpenAI's `stream_options.include_obfuscation` of the request, else false. */
  obfuscation?: boolean;
  /** Anthropic: a `ping` after every nth event; 0 for none. Default: one after the first block starts. */
  pingEvery?: number;
  /** Pads the second event of a stream with a field of this many bytes, all on one line. */
  hugeLineBytes?: number;
  /** Bytes appended after the end of the body. */
  trailing?: string;
  /** Cuts the body at these byte offsets, each part its own write. */
  splitAt?: readonly number[];
  /** Cuts the body into writes of this many bytes. */
  chunkBytes?: number;
  /** Milliseconds between such parts. @defaultValue 0 (one turn of the event loop) */
  slowDripMs?: number;
  /** Sends the body with `content-encoding: gzip`. @defaultValue false */
  gzip?: boolean;
  /** In place of the right content type. */
  contentType?: string;
  /** More response headers, or others. */
  headers?: Record<string, string>;
}

/** All settings of one response. Unknown fields throw when the script is set. */
export interface Script extends AnswerScript, PaceScript, FaultScript, FramingScript {}

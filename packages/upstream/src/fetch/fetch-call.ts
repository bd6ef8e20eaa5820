import type { JsonObject, WireApi } from '@tollgate/core/internal';

type Fetch = typeof fetch;

/** A call to a model, as an SDK has made it. */
export interface FetchCall {
  readonly base: Fetch;
  readonly init: NonNullable<Parameters<Fetch>[1]>;
  readonly url: URL;
  readonly api: WireApi;
  readonly modelInPath: boolean;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly text: string;
  readonly body: JsonObject;
  readonly headers: NonNullable<RequestInit['headers']>;
  readonly signal: AbortSignal | null | undefined;
  /** A router has chosen the target, in place of the SDK. */
  readonly routed: boolean;
}

/** Kinds of input that are not text of the body. */
export type MediaKind =
  | 'image'
  | 'imageUrl'
  | 'document'
  | 'documentUrl'
  | 'audio'
  | 'file'
  | 'conversation'
  | 'storedPrompt'
  | 'cachedContent';

/** A server-side tool that a request offers to the model. */
export interface ToolUse {
  /** Its name in the usage and the price: `web_search`. */
  readonly name: string;
  /** Its type on the wire: `web_search_20250305`. */
  readonly type: string;
  /** The field that offers it: `tools[0]`. */
  readonly param: string;
  /** The most uses that the request itself allows. */
  readonly maxUses?: number | undefined;
}

/** Input that is not text of the body, by kind. */
export interface MediaCount {
  /** Which bound it has. */
  readonly kind: MediaKind;
  /** The field that holds the first of them: `messages[0].content[1]`. */
  readonly param: string;
  /** How many there are. */
  count: number;
  /** Bytes of the body that hold it and are not read as text. */
  bytes: number;
}

/** The facts read from a request's body: everything that determines its highest cost. */
export interface RequestFacts {
  readonly stream: boolean;
  /** The client asked for usage in the stream, so its extra chunk may reach it. */
  readonly clientAskedForUsage: boolean;
  /** The largest of all output caps that the client states. */
  readonly statedCap: number | undefined;
  /** Output that may be charged beside the cap: a prediction that is rejected. Tokens of each answer. */
  readonly extraOutputTokens: number;
  /** Output that each answer may have whatever the cap: a thinking budget. */
  readonly leastOutputTokens: number;
  /** `n`, `candidateCount`; 0 where the format has no output (embeddings). */
  readonly answers: number;
  /** Whether input may be written to a prompt cache, at the price of which lifetime. */
  readonly cacheWrites: 'never' | 'short' | 'hour';
  readonly media: ReadonlyMap<string, MediaCount>;
  readonly audioOutput: boolean;
  readonly tools: readonly ToolUse[];
  /** Tokens that the provider adds to the prompt for the features that the request uses. */
  readonly addedTokens: number;
  /** The service tier, or the speed, that the request states. */
  readonly tier: { readonly name: string; readonly param: string } | undefined;
  /** Inference in one region costs a tenth more (Anthropic's `inference_geo`). */
  readonly regional: boolean;
}

/** Facts of a request without special features. */
export const plainFacts: RequestFacts = Object.freeze({
  stream: false,
  clientAskedForUsage: false,
  statedCap: undefined,
  extraOutputTokens: 0,
  leastOutputTokens: 0,
  answers: 1,
  cacheWrites: 'never',
  media: new Map(),
  audioOutput: false,
  tools: [],
  addedTokens: 0,
  tier: undefined,
  regional: false,
});

import type { JsonObject } from '@tollgate/core/internal';

/** Something that a client asks, and the name under which it asked, for a refusal. */
export interface Asked<Value> {
  readonly value: Value;
  readonly param: string;
}

/** Whose thoughts they are: a signature is valid with its maker only. */
export type Origin = 'anthropic' | 'gemini' | 'openai';

export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
}

/** An image or a document, in the request or by URL. */
export interface MediaPart {
  readonly kind: 'image' | 'document';
  readonly param: string;
  /** As `type/subtype`; unknown of a URL. */
  readonly mediaType?: string | undefined;
  /** Base64. Either this or `url`. */
  readonly data?: string | undefined;
  readonly url?: string | undefined;
  readonly name?: string | undefined;
  /** OpenAI: the detail with which an image is read. */
  readonly detail?: Asked<string> | undefined;
}

export interface CallPart {
  readonly kind: 'call';
  readonly param: string;
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}

export interface ResultPart {
  readonly kind: 'result';
  readonly param: string;
  /** Id of the call that it answers. */
  readonly id: string;
  readonly content: readonly (TextPart | MediaPart)[];
  readonly failed: boolean;
}

/** A model's reasoning in an earlier turn, to be returned to it. */
export interface ThoughtPart {
  readonly kind: 'thought';
  readonly param: string;
  readonly text: string;
  readonly origin: Origin;
  readonly signature?: string | undefined;
  /** Anthropic: encrypted thoughts. */
  readonly redacted?: string | undefined;
}

export type Part = TextPart | MediaPart | CallPart | ResultPart | ThoughtPart;

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly Part[];
}

export interface Tool {
  readonly param: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON schema of its arguments. Absent: it takes none. */
  readonly schema?: JsonObject | undefined;
  readonly strict?: boolean | undefined;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/** The form of the answer; `schema` absent: any JSON object. */
export interface OutputForm {
  readonly schema?: JsonObject | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly strict?: boolean | undefined;
}

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** How much to think; all absent: the model decides. */
export interface Reasoning {
  readonly effort?: Effort | undefined;
  /** Tokens. */
  readonly budget?: number | undefined;
  /** The client wants to see the thoughts. */
  readonly shown: boolean;
}

/** The possible settings, each with the client's name for it. */
export interface Settings {
  readonly maxTokens?: Asked<number> | undefined;
  readonly temperature?: Asked<number> | undefined;
  readonly topP?: Asked<number> | undefined;
  readonly topK?: Asked<number> | undefined;
  readonly stop?: Asked<readonly string[]> | undefined;
  readonly seed?: Asked<number> | undefined;
  readonly presencePenalty?: Asked<number> | undefined;
  readonly frequencyPenalty?: Asked<number> | undefined;
  readonly toolChoice?: Asked<ToolChoice> | undefined;
  readonly parallelCalls?: Asked<boolean> | undefined;
  readonly output?: Asked<OutputForm> | undefined;
  readonly reasoning?: Asked<Reasoning> | undefined;
  readonly verbosity?: Asked<string> | undefined;
  /** Whom the answer is for, for the provider's protection against abuse. */
  readonly user?: Asked<string> | undefined;
  /** The provider's ordinary tier, and no other. */
  readonly standardTier?: Asked<boolean> | undefined;
}

/** A chat request in no provider's format. Requests that the formats could not express alike have been refused before. */
export interface NeutralRequest {
  readonly model: string;
  readonly stream: boolean;
  /** The client wants usage in a stream, where its format leaves the choice. */
  readonly usageInStream: boolean;
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly settings: Settings;
}

import type { WireApi } from '@tollgate/core/internal';
import { mergeAnthropicUsage } from './anthropic-usage.js';
import { geminiToolRequests } from './gemini-usage.js';
import type { OutputTokens } from './output-tokens.js';
import { type Fields, fieldsOf, type ReportedUsage } from './reported-usage.js';
import { mostRequests, toolRequestsIn, usageFrom } from './usage-in.js';

/** The facts about one response so far. */
interface AnswerFacts {
  readonly usage: ReportedUsage | undefined;
  /** The model that the provider names. */
  readonly model: string | undefined;
  /** Service tier of the response. */
  readonly tier: string | undefined;
  /** Bytes of output text seen: never fewer than its tokens. */
  readonly seenBytes: number;
  /** About how many tokens that is. */
  readonly seenTokens: number;
  /** Counts the response's tokens as they arrive, where a cut would be charged by them; set before the first byte is read. */
  readonly counted: OutputTokens | undefined;
  /** Chat streams: events that held text, each a token or more, and the bytes of their text; media are not counted. */
  readonly textEvents: number;
  readonly textBytes: number;
  /** The model reported that it has finished, so the response is complete even if the connection ends here. */
  readonly finished: boolean;
  /** The provider reported an error within the answer. */
  readonly failed: boolean;
  /** Some of the answer was too large to be read, or no JSON. */
  readonly unreadable: boolean;
}

const lastOfResponses = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** Gathers the facts of an answer from its events, or from its one body. */
export class AnswerReader implements AnswerFacts {
  usage: ReportedUsage | undefined;
  model: string | undefined;
  tier: string | undefined;
  seenBytes = 0;
  seenTokens = 0;
  counted: OutputTokens | undefined;
  textEvents = 0;
  textBytes = 0;
  finished = false;
  failed = false;
  unreadable = false;
  /** Fields that a graceful end repeats: `id`, `created` and so on, as in the first event. */
  head: Fields = {};
  /** Anthropic: indexes of content blocks that are open. */
  readonly openBlocks = new Set<number>();
  /** OpenAI chat: choices that have finished. */
  readonly finishedChoices = new Set<number>();
  #cumulative: Fields | undefined;
  #toolRequests: Readonly<Record<string, number>> = {};

  /** `answers`: how many choices the call asked for. */
  constructor(
    readonly api: WireApi,
    readonly answers: number,
  ) {}

  /** A whole answer that was not streamed. */
  body(body: Fields): void {
    if (body.error !== undefined && body.error !== null) this.failed = true;
    this.#name(body);
    this.says(this.api === 'gemini-generate' ? body.usageMetadata : body.usage);
    if (this.api === 'openai-responses') this.#uses(toolRequestsIn(body.output));
    if (this.api === 'gemini-generate') this.#uses(geminiToolRequests(body));
    if (body.status === 'failed') this.failed = true;
    this.finished = true;
  }

  /** One event of a stream. Returns `true` for one that holds nothing but usage which had to be asked for. */
  event(event: Fields): boolean {
    switch (this.api) {
      case 'openai-responses':
        this.#responsesEvent(event);
        return false;
      case 'anthropic-messages':
        this.#anthropicEvent(event);
        return false;
      case 'gemini-generate':
        this.#geminiEvent(event);
        return false;
      default:
        return this.#chatEvent(event);
    }
  }

  #chatEvent(event: Fields): boolean {
    if (event.error !== undefined && event.error !== null) this.failed = true;
    this.#name(event);
    if (typeof event.id === 'string' && event.id !== '' && this.head.id === undefined) this.head = event;
    const said = this.says(event.usage);
    const choices = Array.isArray(event.choices) ? event.choices.map(fieldsOf) : undefined;
    for (const choice of choices ?? []) {
      if (typeof choice.finish_reason === 'string') this.finishedChoices.add(Number(choice.index ?? 0));
    }
    if (this.finishedChoices.size >= this.answers) this.finished = true;
    return said && choices?.length === 0 && !this.failed;
  }

  #responsesEvent(event: Fields): void {
    if (event.type === 'error' || event.type === 'response.failed') this.failed = true;
    const response = fieldsOf(event.response);
    this.#name(response);
    this.says(response.usage);
    if (event.type === 'response.created') this.head = response;
    if (typeof event.type !== 'string' || !lastOfResponses.has(event.type)) return;
    this.#uses(toolRequestsIn(response.output));
    this.finished = true;
  }

  #anthropicEvent(event: Fields): void {
    const message = fieldsOf(event.message);
    if (event.type === 'error') this.failed = true;
    if (event.type === 'message_start') {
      this.head = message;
      this.#name(message);
    }
    if (event.type === 'content_block_start') this.openBlocks.add(Number(event.index));
    if (event.type === 'content_block_stop') this.openBlocks.delete(Number(event.index));
    if (event.type === 'message_start' || event.type === 'message_delta') {
      const said = fieldsOf(event.type === 'message_start' ? message.usage : event.usage);
      this.#cumulative = mergeAnthropicUsage(this.#cumulative, said);
      if (Object.keys(this.#cumulative).length > 0) this.says(this.#cumulative);
      if (typeof fieldsOf(event.delta).stop_reason === 'string') this.finished = true;
    }
    if (event.type === 'message_stop') this.finished = true;
  }

  #geminiEvent(event: Fields): void {
    if (event.error !== undefined && event.error !== null) this.failed = true;
    this.#name(event);
    this.says(event.usageMetadata);
    this.#uses(geminiToolRequests(event));
    this.head = { modelVersion: event.modelVersion, responseId: event.responseId };
    const candidates = Array.isArray(event.candidates) ? event.candidates.map(fieldsOf) : [];
    for (const candidate of candidates) {
      if (typeof candidate.finishReason === 'string') this.finishedChoices.add(Number(candidate.index ?? 0));
    }
    if (this.finishedChoices.size >= this.answers) this.finished = true;
    if (fieldsOf(event.promptFeedback).blockReason !== undefined) this.finished = true;
  }

  #name(said: Fields): void {
    const model = said.model ?? said.modelVersion;
    if (typeof model === 'string' && model !== '') this.model = model;
    if (typeof said.service_tier === 'string') this.tier = said.service_tier;
  }

  /** In text that was not read piece by piece, each byte may be a token. */
  seenWhole(bytes: number): void {
    this.seenBytes += bytes;
    this.seenTokens += bytes;
    this.counted?.addBytes(bytes);
  }

  /** Takes a usage object of the provider; whether it is one. */
  says(usage: unknown): boolean {
    const read = usageFrom(this.api, usage);
    if (!read) return false;
    this.usage = read;
    return true;
  }

  /** Adds uses of tools that the usage object lacks; they stay when a later event repeats the usage. */
  #uses(requests: Readonly<Record<string, number>>): void {
    this.#toolRequests = mostRequests(this.#toolRequests, requests);
    const isAny = Object.keys(this.#toolRequests).length > 0;
    if (this.usage && isAny) this.usage = { ...this.usage, toolRequests: this.#toolRequests };
  }
}

import type { Json, JsonObject } from './json.js';
import type { AnswerScript } from './script.js';
import { NO_USAGE, type TokenUsage } from './token-usage.js';
import { argumentsFor, type ToolCall, type ToolChoice, type ToolOffer, toolCallFor } from './tool-call.js';
import { answerPieces, piecesOf } from './words.js';
import { reportedUsage } from './wrong-usage.js';

/** Output tokens of an answer that neither script nor request limits. */
const DEFAULT_TOKENS = 24;

/** A generation request in one vocabulary for every API. */
export interface Asked {
  model: string;
  stream: boolean;
  /** OpenAI chat streams: `stream_options.include_usage`. The others always report. */
  includeUsage: boolean;
  includeObfuscation: boolean;
  /** Cap of the output tokens of one choice, reasoning included. */
  cap: number | undefined;
  /** Choices asked for. */
  n: number;
  /** Text of the last user message. */
  prompt: string;
  /** Whether the last message is the user's: after a tool's result the model gives its final answer. */
  lastIsUser: boolean;
  tools: ToolOffer[];
  toolChoice: ToolChoice;
  /** JSON schema that the answer has to keep to. */
  outputSchema?: Json | undefined;
  /** Gemini, OpenAI's responses: thoughts are to be seen. */
  showThoughts?: boolean | undefined;
  /** OpenAI's responses: thoughts are to be handed out in a form that only their model can read. */
  encryptThoughts?: boolean | undefined;
  serviceTier: string | undefined;
  /** Anthropic's `speed`. */
  speed: string | undefined;
  inputTokens: number;
}

/** Why a request is refused with 400. */
export interface Invalid {
  invalid: { message: string; param: string | null; code: string | null };
}

/** One choice of an answer. */
export interface Choice {
  /** Text, one piece per token; empty where a tool is called. */
  pieces: string[];
  /** The call, its arguments as JSON text in one piece per token. */
  toolCall: (ToolCall & { id: string; pieces: string[] }) | undefined;
}

/** The simulated model's response, before it is converted to the format of an API. */
export interface Answer {
  /** Letters and digits, unique per provider. */
  id: string;
  createdSeconds: number;
  model: string;
  choices: Choice[];
  finish: 'stop' | 'length' | 'tool' | 'filter';
  serviceTier: string | undefined;
  speed: string | undefined;
  /** The actual usage. */
  usage: TokenUsage;
  /** Output tokens of each choice that no text shows: reasoning, rejected predictions. */
  hiddenTokens: number;
  includeUsage: boolean;
  showThoughts: boolean;
  encryptThoughts: boolean;
  obfuscation: boolean;
  usageDeltas: number;
  /** The usage on the wire; `undefined` leaves the field out. */
  report(usage: Json): Json | undefined;
}

const atMost = (value: number | undefined, limit: number): number => Math.min(value ?? 0, limit);

function trueUsage(
  asked: Asked,
  script: AnswerScript,
  hidden: { reasoning: number; rejected: number },
  shown: number,
): TokenUsage {
  const given = script.usage ?? {};
  const inputTokens = given.inputTokens ?? asked.inputTokens;
  const cachedInputTokens = atMost(given.cachedInputTokens, inputTokens);
  const cacheWriteTokens = atMost(given.cacheWriteTokens, inputTokens - cachedInputTokens);
  return {
    ...NO_USAGE,
    ...given,
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWriteOneHourTokens: atMost(
      given.cacheWriteOneHourTokens,
      inputTokens - cachedInputTokens - cacheWriteTokens,
    ),
    inputAudioTokens: atMost(given.inputAudioTokens, inputTokens),
    outputTokens: (hidden.reasoning + hidden.rejected + shown) * asked.n,
    reasoningTokens: hidden.reasoning * asked.n,
    rejectedPredictionTokens: hidden.rejected * asked.n,
    acceptedPredictionTokens: atMost(given.acceptedPredictionTokens, shown * asked.n),
    outputAudioTokens: atMost(given.outputAudioTokens, shown * asked.n),
  };
}

/** Where a schema is given, an object that keeps to it. */
function structuredAnswer({ outputSchema, prompt }: Asked, { text }: AnswerScript): JsonObject | undefined {
  return text === undefined && outputSchema !== undefined ? argumentsFor(outputSchema, prompt) : undefined;
}

/** Decides the answer to a request: pure, the same arguments give the same answer. */
export function makeAnswer(asked: Asked, script: AnswerScript, id: string, createdSeconds: number): Answer {
  const cap = (script.ignoreCap ? undefined : asked.cap) ?? Number.POSITIVE_INFINITY;
  const reasoning = atMost(script.usage?.reasoningTokens, cap);
  const rejected = atMost(script.usage?.rejectedPredictionTokens, cap - reasoning);
  const room = cap - reasoning - rejected;
  const call =
    script.toolCall ??
    (asked.lastIsUser ? toolCallFor(asked.tools, asked.toolChoice, asked.prompt) : undefined);
  const object = call ? call.arguments : structuredAnswer(asked, script);
  const wanted = object
    ? piecesOf(JSON.stringify(object).replaceAll(',', ', ').replaceAll('":', '": '))
    : script.text === undefined
      ? answerPieces(asked.prompt, Math.min(script.tokens ?? DEFAULT_TOKENS, room))
      : piecesOf(script.text).slice(0, script.tokens);
  const wantedTokens =
    object || script.text !== undefined ? wanted.length : (script.tokens ?? DEFAULT_TOKENS);
  const pieces = wanted.slice(0, room);
  const choices = Array.from({ length: asked.n }, (_, index): Choice => {
    if (call) return { pieces: [], toolCall: { ...call, id: `${id}${index}`, pieces } };
    const own =
      index === 0 || object || script.text !== undefined
        ? pieces
        : answerPieces(asked.prompt, pieces.length, index);
    return { pieces: own, toolCall: undefined };
  });
  const hiddenCut =
    (script.usage?.reasoningTokens ?? 0) > reasoning ||
    (script.usage?.rejectedPredictionTokens ?? 0) > rejected;
  const cut = hiddenCut || wantedTokens > pieces.length;
  return {
    id,
    createdSeconds,
    model: script.responseModel ?? asked.model,
    choices,
    finish: script.contentFilter === 'completion' ? 'filter' : cut ? 'length' : call ? 'tool' : 'stop',
    serviceTier: script.serviceTier ?? asked.serviceTier,
    speed: script.speed ?? asked.speed,
    usage: trueUsage(asked, script, { reasoning, rejected }, pieces.length),
    hiddenTokens: reasoning + rejected,
    includeUsage: asked.includeUsage,
    showThoughts: asked.showThoughts === true,
    encryptThoughts: asked.encryptThoughts === true,
    obfuscation: asked.includeObfuscation,
    usageDeltas: script.usageDeltas ?? 1,
    report: (usage) => reportedUsage(usage, script.wrongUsage),
  };
}

/** Text of a choice. */
export const textOfChoice = (choice: Choice): string => choice.pieces.join('');

/** Tokens that a choice shows. */
export const shownTokens = (choice: Choice): number => choice.toolCall?.pieces.length ?? choice.pieces.length;

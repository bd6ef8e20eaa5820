import { type Answer, type Asked, makeAnswer } from './answer.js';
import { anthropicMessages } from './anthropic-messages.js';
import { azureOpenAi } from './azure-openai.js';
import { gemini } from './gemini.js';
import { openAiChat } from './openai-chat.js';
import { openAiResponses } from './openai-responses.js';
import type { AnswerScript, FramingScript, Script } from './script.js';
import { checkScript } from './script-check.js';
import { jsonArrayChunks, reportingTwice, sseChunks } from './stream-event.js';
import type { WireFormat } from './wire-format.js';

/** A response to build without a server: the relevant facts of the request, and all script fields for content and framing. */
export interface WireFixture
  extends AnswerScript,
    Pick<
      FramingScript,
      | 'lineEnd'
      | 'comments'
      | 'dataSpace'
      | 'multiLineData'
      | 'done'
      | 'obfuscation'
      | 'pingEvery'
      | 'hugeLineBytes'
    > {
  /** @defaultValue 'gpt-5-mini', 'claude-sonnet-4-6' or 'gemini-2.5-flash' */
  model?: string;
  /** The prompt of the response. @defaultValue 'Say hello' */
  prompt?: string;
  /** Choices. @defaultValue 1 */
  n?: number;
  /** Cap of the output tokens of a choice. Default: none. */
  cap?: number;
  /** OpenAI and Azure chat streams: whether usage is sent. @defaultValue true */
  includeUsage?: boolean;
}

function answerFor(fixture: WireFixture, defaultModel: string): { answer: Answer; script: Script } {
  const { model, prompt, n, cap, includeUsage, ...script } = fixture;
  const asked: Asked = {
    model: model ?? defaultModel,
    stream: true,
    includeUsage: includeUsage ?? true,
    includeObfuscation: false,
    cap,
    n: n ?? 1,
    prompt: prompt ?? 'Say hello',
    lastIsUser: true,
    tools: [],
    toolChoice: 'auto',
    serviceTier: undefined,
    speed: undefined,
    inputTokens: 12,
  };
  return { answer: makeAnswer(asked, checkScript(script), 'sim000001', 1_767_225_600), script };
}

function stream(format: WireFormat, defaultModel: string, fixture: WireFixture): string {
  const { answer, script } = answerFor(fixture, defaultModel);
  const events = format.events(answer, script);
  const chunks = sseChunks(
    script.wrongUsage === 'twice' ? reportingTwice(events) : events,
    script,
    answer.obfuscation,
  );
  return Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString();
}

function body(format: WireFormat, defaultModel: string, fixture: WireFixture): string {
  return JSON.stringify(format.json(answerFor(fixture, defaultModel).answer).json);
}

/** A chat completion stream of OpenAI, as text. */
export const openAiChatStream = (fixture: WireFixture = {}): string =>
  stream(openAiChat, 'gpt-5-mini', fixture);
/** A chat completion of OpenAI, as JSON text. */
export const openAiChatBody = (fixture: WireFixture = {}): string => body(openAiChat, 'gpt-5-mini', fixture);
/** A stream of OpenAI's responses API, as text. */
export const openAiResponsesStream = (fixture: WireFixture = {}): string =>
  stream(openAiResponses, 'gpt-5-mini', fixture);
/** A response of OpenAI's responses API, as JSON text. */
export const openAiResponsesBody = (fixture: WireFixture = {}): string =>
  body(openAiResponses, 'gpt-5-mini', fixture);
/** A message stream of Anthropic, as text. */
export const anthropicMessagesStream = (fixture: WireFixture = {}): string =>
  stream(anthropicMessages, 'claude-sonnet-4-6', fixture);
/** A message of Anthropic, as JSON text. */
export const anthropicMessagesBody = (fixture: WireFixture = {}): string =>
  body(anthropicMessages, 'claude-sonnet-4-6', fixture);
/** A stream of Gemini with `alt=sse`, as text. */
export const geminiStream = (fixture: WireFixture = {}): string =>
  stream(gemini, 'gemini-2.5-flash', fixture);
/** A stream of Gemini without `alt=sse`: one JSON array, as text. */
export function geminiArrayStream(fixture: WireFixture = {}): string {
  const { answer, script } = answerFor(fixture, 'gemini-2.5-flash');
  return Buffer.concat(jsonArrayChunks(gemini.events(answer, script)).map((chunk) => chunk.bytes)).toString();
}
/** An answer of Gemini, as JSON text. */
export const geminiBody = (fixture: WireFixture = {}): string => body(gemini, 'gemini-2.5-flash', fixture);
/** A chat completion stream of Azure OpenAI, its first frame without choices, as text. */
export const azureOpenAiStream = (fixture: WireFixture = {}): string =>
  stream(azureOpenAi, 'gpt-5-mini', fixture);
/** A chat completion of Azure OpenAI, as JSON text. */
export const azureOpenAiBody = (fixture: WireFixture = {}): string =>
  body(azureOpenAi, 'gpt-5-mini', fixture);

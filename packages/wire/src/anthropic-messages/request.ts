import { defaultMaxOutputTokens, type JsonObject, type JsonValue } from '@tollgate/core/internal';
import type { RequestFormat } from '../format/wire-format.js';
import { largestCap } from '../request/caps.js';
import { arrayOf, fieldOf, flagOf, integerOf, isObject, objectOf, stringOf } from '../request/json.js';
import { MediaTally } from '../request/media.js';
import type { ReadOptions } from '../request/read-options.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';
import type { RequestFacts } from '../request/request-facts.js';
import { writeStated } from '../request/write-stated.js';
import { anthropicContent } from './content.js';
import { anthropicTools, boundedTools } from './tools.js';

/** The field that caps the output. */
const caps: readonly string[] = ['max_tokens'];

/**
 * Tokens that Anthropic adds to a prompt (platform.claude.com/docs, "Tool use", "Pricing"): up to 675 for the use of tools at all, up to
 * 735 for one of Anthropic's tools. The JSON around a message is longer than the tokens that the message adds.
 */
const addedToAny = 32;
const addedToTools = 1_000;
const addedPerOwnTool = 1_000;

/** Reads requests of Anthropic's messages. */
export const messagesRequest: RequestFormat = {
  changeable: [...caps, 'tools'],
  read(body: JsonObject, options: ReadOptions, text: string): RequestFacts {
    const media = new MediaTally();
    const messages = arrayOf(body, 'messages');
    if (!messages) throw invalidValueError('messages', 'an array of messages', undefined);
    messages.forEach((message, index) => {
      const content = isObject(message) ? (message.content ?? '') : undefined;
      if (typeof content !== 'string') readMessage(message, `messages[${index}]`, media);
    });
    if (Array.isArray(body.system)) anthropicContent(body.system, 'system', media);
    const { server, own, any } = anthropicTools(body);
    checkContextManagement(body);
    return {
      stream: flagOf(body, 'stream'),
      clientAskedForUsage: true,
      statedCap: largestCap(body, caps),
      extraOutputTokens: 0,
      leastOutputTokens: thinkingBudget(body),
      answers: 1,
      cacheWrites: cacheWritesOf(text),
      media: media.found,
      audioOutput: false,
      tools: server,
      addedTokens: addedToAny + (any ? addedToTools : 0) + own * addedPerOwnTool,
      tier: tierOf(body),
      regional: isRegional(body, options),
    };
  },
  writeCap(body, cap) {
    writeStated(body, caps, cap);
  },
  complete(body, facts) {
    // The estimate of a request without a cap assumes this many tokens.
    if (facts.statedCap === undefined) body.set('max_tokens', defaultMaxOutputTokens);
  },
  prepare(body, facts, options) {
    const tools = body.get('tools');
    if (facts.tools.length > 0 && Array.isArray(tools))
      body.set('tools', boundedTools(tools, facts, options));
  },
};

function readMessage(message: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(message)) throw invalidValueError(param, 'an object', message);
  const content = fieldOf(message, 'content');
  if (content === undefined || typeof content === 'string') return;
  if (!Array.isArray(content)) throw invalidValueError(`${param}.content`, 'a string or an array', content);
  anthropicContent(content, `${param}.content`, media);
}

/** With interleaved thinking the budget may be larger than `max_tokens`; whichever is larger bounds the output. */
function thinkingBudget(body: JsonObject): number {
  const thinking = objectOf(body, 'thinking');
  return thinking ? (integerOf(thinking, 'budget_tokens', 'thinking.budget_tokens', 1) ?? 0) : 0;
}

/**
 * Cache writes happen only with a `cache_control`. The names are searched in the serialised body, where a text that mentions them has its
 * quotes escaped.
 */
function cacheWritesOf(text: string): RequestFacts['cacheWrites'] {
  if (!text.includes('"cache_control":')) return 'never';
  return text.includes('"ttl":') ? 'hour' : 'short';
}

function tierOf(body: JsonObject): RequestFacts['tier'] {
  const speed = stringOf(body, 'speed');
  if (speed !== undefined && speed !== 'standard') return { name: speed.toLowerCase(), param: 'speed' };
  const tier = stringOf(body, 'service_tier');
  return tier === undefined ? undefined : { name: tier.toLowerCase(), param: 'service_tier' };
}

/** `us` costs a tenth more (platform.claude.com/docs, "Data residency"); other regions have no published price. */
function isRegional(body: JsonObject, options: ReadOptions): boolean {
  const geo = stringOf(body, 'inference_geo') ?? options.inferenceGeo;
  if (geo === undefined || geo === 'global') return false;
  if (geo === 'us') return true;
  throw unsupportedError('inference_geo', 'only "global" and "us" have a known price');
}

/** Clearing earlier content makes a request smaller; compaction is a further call of the provider's own. */
function checkContextManagement(body: JsonObject): void {
  const edits =
    arrayOf(objectOf(body, 'context_management') ?? {}, 'edits', 'context_management.edits') ?? [];
  edits.forEach((edit, index) => {
    const type = isObject(edit) ? edit.type : undefined;
    if (typeof type === 'string' && type.startsWith('clear_')) return;
    throw unsupportedError(`context_management.edits[${index}]`, 'the provider makes further calls for it');
  });
}

import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { RequestFormat } from '../format/wire-format.js';
import { largestCap } from '../request/caps.js';
import { arrayOf, fieldOf, flagOf, integerOf, isObject, objectOf } from '../request/json.js';
import { heldIn, MediaTally } from '../request/media.js';
import { openaiTools } from '../request/openai-tools.js';
import type { ReadOptions } from '../request/read-options.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';
import type { RequestFacts, ToolUse } from '../request/request-facts.js';
import { statedTier } from '../request/tier.js';
import { writeStated } from '../request/write-stated.js';

/** The fields of chat completions that cap the output; the legacy one, which others than OpenAI read, counts as well. */
const caps: readonly string[] = ['max_completion_tokens', 'max_tokens'];
const legacyCaps: readonly string[] = ['max_tokens', 'max_completion_tokens'];

/** Providers that read `max_completion_tokens`, and refuse requests that state both fields. */
const readsNewCap = (provider: string): boolean => provider === 'openai' || provider === 'azure';

/** Providers that send usage with every stream, and refuse unknown fields. */
const withoutStreamOptions: readonly string[] = ['mistral'];

/**
 * Tokens that the chat format adds once to a prompt; the tokens that it adds to each message and tool are fewer than the bytes of their
 * JSON. The constants of OpenAI's cookbook ("How to count tokens") are 3 a request, 3 to 4 a message, up to 12 a function.
 */
const addedTokens = 16;

/** Reads requests of OpenAI's chat completions. */
export const chatRequest: RequestFormat = {
  changeable: [...caps, 'stream_options'],
  read(body: JsonObject, options: ReadOptions): RequestFacts {
    const media = new MediaTally();
    const messages = arrayOf(body, 'messages');
    if (!messages) throw invalidValueError('messages', 'an array of messages', undefined);
    messages.forEach((message, index) => {
      if (!isText(message)) readMessage(message, `messages[${index}]`, media);
    });
    const stream = flagOf(body, 'stream');
    const streamOptions = objectOf(body, 'stream_options');
    return {
      stream,
      clientAskedForUsage: stream && streamOptions?.include_usage === true,
      statedCap: largestCap(body, caps),
      extraOutputTokens: predictionTokens(body),
      leastOutputTokens: 0,
      answers: integerOf(body, 'n', 'n', 1, options.maxAnswers ?? 16) ?? 1,
      cacheWrites: 'short',
      media: media.found,
      audioOutput: asksForAudio(body),
      tools: chatTools(body),
      addedTokens,
      tier: statedTier(body, 'service_tier'),
      regional: false,
    };
  },
  writeCap(body, cap, provider) {
    writeStated(body, readsNewCap(provider) ? caps : legacyCaps, cap);
  },
  prepare(body, facts, _options, provider) {
    // Many servers support only the legacy field, and without it generate output of any length.
    if (
      facts.statedCap !== undefined &&
      !readsNewCap(provider) &&
      typeof body.get('max_tokens') !== 'number'
    ) {
      body.set('max_tokens', facts.statedCap);
    }
    if (!facts.stream || withoutStreamOptions.includes(provider)) return;
    const asked = body.get('stream_options');
    body.set('stream_options', { ...(isObject(asked) && asked), include_usage: true });
  },
};

/** Most messages are a text: they need no name for a refusal. */
function isText(message: JsonValue): boolean {
  if (!isObject(message) || fieldOf(message, 'audio') !== undefined) return false;
  const content = fieldOf(message, 'content');
  return content === undefined || typeof content === 'string';
}

function readMessage(message: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(message)) throw invalidValueError(param, 'an object', message);
  // The audio of an earlier response is named by its id; its content is at the provider.
  if (fieldOf(message, 'audio') !== undefined) media.add('conversation', `${param}.audio`);
  const content = fieldOf(message, 'content');
  if (content === undefined || typeof content === 'string') return;
  if (!Array.isArray(content)) throw invalidValueError(`${param}.content`, 'a string or an array', content);
  content.forEach((part, index) => {
    if (isObject(part) && (part.type === 'text' || part.type === 'refusal')) return;
    readPart(part, `${param}.content[${index}]`, media);
  });
}

function readPart(part: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(part)) throw invalidValueError(param, 'an object', part);
  switch (part.type) {
    case 'image_url':
      readImage(part.image_url, `${param}.image_url`, media);
      break;
    case 'input_audio':
      media.add('audio', param, heldIn(part, 'input_audio', param).data);
      break;
    case 'file': {
      const file = heldIn(part, 'file', param);
      if (fieldOf(file, 'file_id') !== undefined) media.add('file', `${param}.file.file_id`);
      if (fieldOf(file, 'file_data') !== undefined) media.add('document', `${param}.file`, file.file_data);
      break;
    }
    default:
      throw unsupportedError(
        `${param}.type`,
        'the kind of content is unknown, so its cost cannot be estimated',
      );
  }
}

function readImage(image: JsonValue | undefined, param: string, media: MediaTally): void {
  const url = isObject(image) ? image.url : image;
  media.addUrl({ inline: 'image', remote: 'imageUrl' }, isObject(image) ? `${param}.url` : param, url);
}

function predictionTokens(body: JsonObject): number {
  const prediction = fieldOf(body, 'prediction');
  return prediction === undefined ? 0 : Buffer.byteLength(JSON.stringify(prediction));
}

function asksForAudio(body: JsonObject): boolean {
  const modalities = arrayOf(body, 'modalities') ?? [];
  return modalities.includes('audio') || fieldOf(body, 'audio') !== undefined;
}

function chatTools(body: JsonObject): readonly ToolUse[] {
  const tools = openaiTools(body, new Set(['function', 'custom']));
  if (fieldOf(body, 'web_search_options') === undefined) return tools;
  return [...tools, { name: 'web_search', type: 'web_search', param: 'web_search_options' }];
}
